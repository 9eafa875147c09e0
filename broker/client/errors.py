"""What can go wrong at a workstation: one root, one stable code a class, an exit code for scripts.

The exit codes are part of the command line's interface; `ExitCode` documents them.
"""

import re
from enum import IntEnum
from typing import ClassVar, Final

_CODE: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")


class ExitCode(IntEnum):
    """How a command ends.

    Attributes:
        OK: done.
        REFUSED: the broker, the identity provider or the workstation said no, or something failed.
        USAGE: the command line or the settings are wrong.
        NOT_SIGNED_IN: nobody is signed in, or the session has ended.
        UNREACHABLE: the broker does not answer, or its certificate is not trusted.
        CANCELLED: the person cancelled (Ctrl-C; 128 + SIGINT, as shells say it).
    """

    OK = 0
    REFUSED = 1
    USAGE = 2
    NOT_SIGNED_IN = 3
    UNREACHABLE = 4
    CANCELLED = 130


class ClientError(Exception):
    """Root of the client's errors; the texts are cleaned of control characters, since they end on a terminal.

    Attributes:
        code: stable, lower case with hyphens; documented in docs/errors.md.
        what: what happened; never holds a secret.
        remedy: what the person can do.
        reference: the number under which the broker's audit knows it, or "".
        retry_after: seconds after which a retry makes sense, or None.
        exit_code: how a command ends because of it.
    """

    code: str = "client-failed"
    default_remedy: ClassVar[str] = "Try again."
    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED

    def __init__(
        self, what: str, *, remedy: str | None = None, reference: str = "", retry_after: int | None = None
    ) -> None:
        self.what = printable(what)
        self.remedy = printable(remedy or self.default_remedy)
        self.reference = printable(reference)
        self.retry_after = retry_after
        super().__init__(self.what)


class SettingsInvalid(ClientError):
    """The client's settings cannot be used; the text names where each comes from."""

    code = "client-settings-invalid"
    default_remedy = "Correct the named setting."
    exit_code = ExitCode.USAGE


class PropertiesInvalid(SettingsInvalid):
    """A connection property is unknown, misplaced or wrong; the text names it and where it comes from."""

    code = "connection-properties-invalid"
    default_remedy = "Correct the named property; docs/connection-plugin.md lists them all."


class ExtraMissing(ClientError):
    """The command belongs to a part of the product that is not installed."""

    code = "extra-missing"
    exit_code = ExitCode.USAGE


# --- sign-in -------------------------------------------------------------------------------------------------------


class NotSignedIn(ClientError):
    """Nobody is signed in, and this command does not sign in by itself."""

    code = "not-signed-in"
    default_remedy = "Run `broker login`."
    exit_code = ExitCode.NOT_SIGNED_IN


class SignInRefused(ClientError):
    """The broker or the identity provider refused the sign-in."""

    code = "sign-in-refused"
    default_remedy = "Ask the administrator, and tell the reference number."


class ServiceTokenUnusable(ClientError):
    """The service token can't be read, others can read it, or it is none."""

    code = "service-token-unusable"
    default_remedy = (
        "Name a file with the token, mode 0600 (or 0440), in BROKER_TOKEN_FILE; an administrator makes one with "
        "`broker service-token create`."
    )
    exit_code = ExitCode.USAGE


class SignInTimedOut(ClientError):
    """Nobody finished the sign-in in time."""

    code = "sign-in-timed-out"
    default_remedy = "Run `broker login` again, and finish the sign-in in the browser."


class SignInCancelled(ClientError):
    """The person cancelled the sign-in."""

    code = "sign-in-cancelled"
    default_remedy = "Run `broker login` to sign in."
    exit_code = ExitCode.CANCELLED


class ListenPortTaken(ClientError):
    """The port that a sign-in's answer should come to is taken."""

    code = "listen-port-taken"
    default_remedy = "Leave `listen_port` out, so that any free port is taken, or end what listens there."


class ProviderFailed(ClientError):
    """The identity provider's page did not answer as it should to a sign-in without a browser."""

    code = "provider-failed"
    default_remedy = "Check `idp_host` and the application's names, or sign in with plugin_name=BrowserSaml."


class ProviderRefused(ProviderFailed):
    """The identity provider did not take the user and password."""

    code = "provider-refused"
    default_remedy = "Check `user` and `password` at the identity provider."


class SecondFactorNeeded(ProviderFailed):
    """The identity provider asks for a second factor, or anything else that only a browser can answer."""

    code = "second-factor-needed"
    default_remedy = "Sign in with the browser: plugin_name=BrowserSaml, or plugin_name=device without one."


# --- the broker's answers ------------------------------------------------------------------------------------------


class BrokerUnreachable(ClientError):
    """The broker does not answer."""

    code = "broker-unreachable"
    default_remedy = "Check the broker's address and your network (VPN), then try again."
    exit_code = ExitCode.UNREACHABLE


class BrokerUntrusted(BrokerUnreachable):
    """The broker's TLS certificate is not trusted here."""

    code = "broker-certificate-untrusted"
    default_remedy = "Name the certificate of your organisation's CA: `ca_file` in the settings, or BROKER_CA_FILE."


class BrokerNamedOtherwise(ClientError):
    """The broker calls itself by another URL, or the answer came from another broker (RFC 8414 3.3, RFC 9207)."""

    code = "broker-issuer-mismatch"
    default_remedy = "Use the URL that the broker calls itself by."


class BrokerAnswerInvalid(ClientError):
    """What answered does not speak the broker's interface."""

    code = "broker-answer-invalid"
    default_remedy = "Check the broker's address: a proxy or another service may answer there."


class BrokerRefused(ClientError):
    """The broker refused a request; `code` is the broker's own (docs/errors.md)."""

    code = "broker-refused"
    default_remedy = "Ask the administrator, and tell the reference number."

    def __init__(
        self, what: str, *, code: str, remedy: str | None = None, reference: str = "", retry_after: int | None = None
    ) -> None:
        super().__init__(what, remedy=remedy, reference=reference, retry_after=retry_after)
        if _CODE.fullmatch(code):
            self.code = code


class SessionRefused(BrokerRefused):
    """The broker does not take the session (any more): expired, revoked, or sealed with a key that is gone."""

    code = "session-invalid"
    default_remedy = "Run `broker login`."
    exit_code = ExitCode.NOT_SIGNED_IN


class OAuthRefused(BrokerRefused):
    """The token endpoint refused (RFC 6749 5.2); `oauth_error` is the specification's word."""

    default_remedy = "Run `broker login` again."

    def __init__(
        self, what: str, *, oauth_error: str, code: str, remedy: str | None = None, reference: str = ""
    ) -> None:
        super().__init__(what, code=code, remedy=remedy, reference=reference)
        self.oauth_error = oauth_error


class WarehouseUnreachable(ClientError):
    """The warehouse can't be reached, or did not take the temporary login."""

    code = "warehouse-connection-failed"
    default_remedy = "Check your network (VPN); if the warehouse refused, `broker credentials --fresh` asks anew."


# --- what is kept at the workstation -------------------------------------------------------------------------------


class StoreUnusable(ClientError):
    """The sign-in cannot be kept at this workstation."""

    code = "credential-store-unusable"
    default_remedy = "Name a `passphrase_file` in the settings for an encrypted file, or use --no-store."


class KeyringUnusable(StoreUnusable):
    """The keyring is locked, does not answer, or fails."""

    code = "keyring-unusable"


class KeyringMissing(KeyringUnusable):
    """This machine has no keyring, or only one that keeps no secrets."""

    code = "keyring-missing"


class PassphraseWrong(StoreUnusable):
    """The encrypted file does not open with this passphrase (or was damaged)."""

    code = "passphrase-wrong"
    default_remedy = "Try again with the right passphrase; `broker logout` forgets the file."


class PassphraseFileUnusable(StoreUnusable):
    """The passphrase file cannot be read, is empty, or others can read it."""

    code = "passphrase-file-unusable"
    default_remedy = "The file must hold the passphrase in its first line, be yours, and have mode 0600."


def printable(text: str) -> str:
    """`text` without control, format and unassigned characters: nothing in it can steer a terminal."""
    return "".join(character if character.isprintable() or character == "\n" else "\ufffd" for character in text)


def error_classes() -> list[type[ClientError]]:
    """Every error class of the client, root first, for docs/errors.md and its test."""

    def below(cls: type[ClientError]) -> list[type[ClientError]]:
        return [cls, *(found for sub in cls.__subclasses__() for found in below(sub))]

    return below(ClientError)
