"""A person who remembers what they were told, and a tiny broker that keeps the contract of the HTTP interface."""

import base64
import hashlib
import json
import secrets
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

from broker.secrets import Secret

ASSERTION = b"<samlp:Response>signed</samlp:Response>"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


class RecordingPerson:
    """Remembers what was said; answers what the test says."""

    def __init__(self, passphrase: str | None = None) -> None:
        self.told: list[str] = []
        self.asked: list[str] = []
        self.cancel = threading.Event()
        self._passphrase = passphrase

    def tell(self, message: str) -> None:
        self.told.append(message)

    def waiting(self, message: str, seconds: float) -> None:
        pass

    def waited(self) -> None:
        pass

    def cancelled(self) -> bool:
        return self.cancel.is_set()

    def passphrase(self, prompt: str, *, new: bool) -> Secret | None:
        self.asked.append(prompt)
        return Secret(self._passphrase) if self._passphrase is not None else None


@dataclass
class TinyBroker:
    """The broker's side of the contract, with knobs for one lie at a time.

    Everyone who reaches the authorize step is Ethan; `gate` holds that step and the issue of a login.
    """

    tls: ssl.SSLContext | None = None
    issuer: str = ""
    answered_issuer: str = ""
    sign_in_error: str = ""
    session_seconds: int = 3600
    login_seconds: int = 900
    clock_ahead: timedelta = timedelta()
    problem: tuple[int, dict[str, object]] | None = None
    warehouse: Callable[[], dict[str, object]] | None = None
    refuse_durations: bool = False
    assertions: list[dict[str, str]] = field(default_factory=list)
    device_errors: list[str] = field(default_factory=list)
    service_tokens: dict[str, str] = field(default_factory=dict)
    exchanges: int = 0
    gate: threading.Event = field(default_factory=threading.Event)
    authorizations: int = 0
    logins: int = 0
    last_request: dict[str, object] = field(default_factory=dict)
    live_tokens: set[str] = field(default_factory=set)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> "TinyBroker":
        self.gate.set()
        broker = self

        class Handler(_Handler):
            tiny = broker

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._server.server_port}"

    # --- the interface ---------------------------------------------------------------------------------------------

    def authorize(self, query: dict[str, str]) -> str:
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        with self._lock:
            self.authorizations += 1
        self.gate.wait(30)
        answer = {"state": query["state"], "iss": self.answered_issuer or self.url}
        if self.sign_in_error:
            answer |= {"error": "access_denied", "error_description": self.sign_in_error, "reference": "ref-7"}
        else:
            answer["code"] = secrets.token_urlsafe()
            self._codes[answer["code"]] = query
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        if form["grant_type"] == "client_credentials":
            self.exchanges += 1
            if self.service_tokens.get(form["client_id"]) != form["client_secret"]:
                return 401, {
                    "error": "invalid_client",
                    "error_description": "The service token was revoked.",
                    "code": "service-token-refused",
                    "remedy": "Ask for a new one.",
                }
            return self._session()
        if form["grant_type"].endswith(":device_code"):
            if self.device_errors:
                return 400, {
                    "error": self.device_errors.pop(0),
                    "error_description": "Said the broker.",
                    "code": "oauth-x",
                }
            return self._session()
        query = self._codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if (
            query is None
            or query["code_challenge"] != challenge.decode()
            or query["redirect_uri"] != form["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant", "error_description": "No such code.", "code": "oauth-invalid-grant"}
        return self._session()

    def _session(self) -> tuple[int, dict[str, object]]:
        token = f"wab1.test.{secrets.token_urlsafe()}"
        self.live_tokens.add(token)
        end = datetime.now(UTC) + timedelta(seconds=self.session_seconds)
        return 200, {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.session_seconds,
            "expires_at": end.isoformat(),
            "subject": "ethan@example.com",
            "source_identity": "ethan@example.com",
            "access_role": "analyst",
        }

    def saml_session(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        self.assertions.append(form)
        if base64.b64decode(form["saml_response"]) != ASSERTION:
            return 403, problem("saml-signature-invalid", "The signature is not good.")
        return self._session()

    def v1(self, path: str, token: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
        self.last_request = body
        if token not in self.live_tokens:
            return 401, problem("session-expired", "Your session has ended.")
        if self.problem is not None:
            return self.problem
        if self.refuse_durations and "duration_seconds" in body:
            return 400, problem("duration-out-of-range", "Too long.")
        return 200, {"whoami": self._whoami, "credentials": self._login, "explain": self._explain}[path](body)

    def _whoami(self, _body: dict[str, object]) -> dict[str, object]:
        now = datetime.now(UTC)
        return {
            "subject": "ethan@example.com",
            "source_identity": "ethan@example.com",
            "identity_provider": "demo",
            "access_role": "analyst",
            "database_user": "ethan",
            "asserted_database_roles": ["sales"],
            "session_id": "s-1",
            "issued_at": now.isoformat(),
            "expires_at": (now + timedelta(hours=1)).isoformat(),
            "workgroups": [{"name": "analytics", "databases": ["dev"]}],
        }

    def _login(self, body: dict[str, object]) -> dict[str, object]:
        with self._lock:
            self.logins += 1
        self.gate.wait(30)
        login: dict[str, object] = {
            "lease_id": f"lease-{self.logins}",
            "workgroup": body["workgroup"],
            "host": "127.0.0.1",
            "port": 5432,
            "database": body.get("database", "dev"),
            "user": f"bk_{self.logins}",
            "password": f"secret-{self.logins}",
            "database_user": "ethan",
            "expires_at": (datetime.now(UTC) + timedelta(seconds=self.login_seconds) + self.clock_ahead).isoformat(),
            "expires_in": self.login_seconds,
            "database_roles": ["sales"],
            "unknown_database_roles": ["marketing"],
            "refused_database_roles": [{"name": "admin", "reason": "The workgroup does not allow it."}],
            "sslmode": "verify-full",
            "ssl_root_certificate": CERTIFICATE,
        }
        return login | (self.warehouse() if self.warehouse else {})

    def _explain(self, _body: dict[str, object]) -> dict[str, object]:
        return {"exists": True, "allowed": False, "missing": ["USAGE on schema f"], "database_roles": ["finance"]}


def problem(code: str, detail: str, **more: object) -> dict[str, object]:
    """A problem document as the broker writes it."""
    return {
        "type": f"urn:warehouse-access-broker:problem:{code}",
        "title": code,
        "detail": detail,
        "remedy": "Do this.",
        "code": code,
        "request_id": "ref-1",
        **more,
    }


class _Handler(BaseHTTPRequestHandler):
    tiny: TinyBroker

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        match target.path:
            case "/oauth/authorize":
                self.send_response(303)
                self.send_header("Location", self.tiny.authorize(dict(parse_qsl(target.query))))
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/.well-known/oauth-authorization-server":
                self._json(200, {"issuer": self.tiny.issuer or self.tiny.url})
            case "/v1/whoami":
                self._json(*self.tiny.v1("whoami", self._token(), {}))
            case _:
                self._json(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        match self.path:
            case "/oauth/token":
                self._json(*self.tiny.token(dict(parse_qsl(body))))
            case "/oauth/revoke":
                self.tiny.live_tokens.discard(dict(parse_qsl(body))["token"])
                self._json(200, {})
            case "/oauth/device_authorization":
                answer = {"device_code": "dc", "user_code": "ABCD-EFGH", "verification_uri": self.tiny.url + "/device"}
                self._json(200, {**answer, "expires_in": 600, "interval": 1})
            case "/v1/saml-session":
                self._json(*self.tiny.saml_session(json.loads(body)))
            case "/v1/credentials" | "/v1/explain":
                self._json(*self.tiny.v1(self.path.removeprefix("/v1/"), self._token(), json.loads(body)))
            case _:
                self._json(404, {})

    def _token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _json(self, status: int, body: dict[str, object]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Request-Id", "ref-1")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for a condition that another thread or process brings about."""
    never = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        never.wait(0.02)
    raise AssertionError("the condition did not come about")
