"""The proxy's own session at the warehouse: TLS as the workgroup demands, SCRAM with the temporary password.

Amazon Redshift knows no SCRAM: its MD5 challenge is answered, within TLS alone, where nobody else reads the answer.
"""

import asyncio
import hashlib
import ssl
from typing import Final

from broker.client.model import TemporaryLogin
from broker.client.proxy import wire
from broker.client.proxy.endpoint import Endpoint

_OK: Final = 0
_MD5: Final = 5
_SASL: Final = 10
_SASL_CONTINUE: Final = 11
_SASL_FINAL: Final = 12
_MECHANISM: Final = "SCRAM-SHA-256"


class UpstreamRefused(Exception):
    """The warehouse did not take the session; `packet` is its own ErrorResponse, for the client to read."""

    def __init__(self, packet: bytes) -> None:
        super().__init__(wire.error_fields(packet[5:]).get("M", "refused"))
        self.packet = packet


async def reach(login: TemporaryLogin) -> Endpoint:
    """A connection to the warehouse, with TLS where `sslmode` wants it.

    Raises:
        OSError: it can't be reached, or its certificate is not good (ssl.SSLError).
        WireError: it has no TLS, where `sslmode` demands it.
    """
    loop = asyncio.get_running_loop()
    _, endpoint = await loop.create_connection(Endpoint, login.host, login.port)
    context = tls_context(login.sslmode, login.ssl_root_certificate)
    if context is None:
        return endpoint
    try:
        await _begin_tls(endpoint, context, login)
    except BaseException:
        endpoint.close()
        raise
    return endpoint


async def _begin_tls(endpoint: Endpoint, context: ssl.SSLContext, login: TemporaryLogin) -> None:
    endpoint.send(wire.TLS_REQUEST)
    if await endpoint.read(1) != b"S":
        raise wire.WireError(f"the warehouse offers no TLS, and sslmode is {login.sslmode}")
    loop = asyncio.get_running_loop()
    transport = await loop.start_tls(endpoint.transport, endpoint, context, server_hostname=login.host)
    if transport is None:
        raise wire.WireError("the connection was closed while TLS began")
    endpoint.replace_transport(transport)


def tls_context(sslmode: str, root_certificate: str) -> ssl.SSLContext | None:
    """What libpq does for `sslmode`, without `allow` and `prefer`: None (plain) is only what `disable` asked for."""
    if sslmode == "disable":
        return None
    context = ssl.create_default_context(cadata=root_certificate or None)
    context.check_hostname = sslmode == "verify-full"
    if sslmode == "require" and not root_certificate:
        context.verify_mode = ssl.CERT_NONE
    return context


async def open_session(login: TemporaryLogin, client: wire.Startup) -> tuple[Endpoint, bytes]:
    """A session that is past its authentication, and what the client must be told first; the rest comes by relay.

    Raises:
        UpstreamRefused: the warehouse answered with an error.
    """
    endpoint = await reach(login)
    try:
        parameters = {**client.parameters, "user": login.user, "database": login.database}
        endpoint.send(wire.startup(parameters, client.protocol))
        return endpoint, await _authenticate(endpoint, login)
    except BaseException:
        endpoint.close()
        raise


async def _authenticate(endpoint: Endpoint, login: TemporaryLogin) -> bytes:
    from scramp import ScramClient

    client = None
    for_client = b""
    while True:
        kind, body = await endpoint.read_message()
        if kind == b"E":
            raise UpstreamRefused(wire.message(kind, body))
        if kind == b"v":  # NegotiateProtocolVersion: the client asked for a newer 3.x than the warehouse speaks
            for_client += wire.message(kind, body)
            continue
        if kind != b"R":
            raise wire.WireError(f"a message {kind!r} while the session begins")
        step = int.from_bytes(body[:4], "big")
        if step == _OK:
            return for_client + wire.AUTHENTICATION_OK
        if step == _SASL:
            client = ScramClient([_MECHANISM], login.user, login.password.reveal())
            first = client.get_client_first().encode()
            endpoint.send(wire.message(b"p", _MECHANISM.encode() + b"\0" + len(first).to_bytes(4, "big") + first))
        elif step == _SASL_CONTINUE and client is not None:
            client.set_server_first(body[4:].decode())
            endpoint.send(wire.message(b"p", client.get_client_final().encode()))
        elif step == _SASL_FINAL and client is not None:
            client.set_server_final(body[4:].decode())
        elif step == _MD5 and client is None and endpoint.transport.get_extra_info("sslcontext"):
            endpoint.send(wire.message(b"p", _md5_answer(login, body[4:8])))
        else:
            raise wire.WireError(f"authentication of kind {step}, where SCRAM-SHA-256 is expected")


def _md5_answer(login: TemporaryLogin, salt: bytes) -> bytes:
    """PostgreSQL, AuthenticationMD5Password; the password is random, so that its digest gives nothing away."""
    stored = hashlib.md5((login.password.reveal() + login.user).encode(), usedforsecurity=False).hexdigest()
    return b"md5" + hashlib.md5(stored.encode() + salt, usedforsecurity=False).hexdigest().encode() + b"\0"
