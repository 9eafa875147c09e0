"""Identity providers as a program without a browser meets them: Okta's API and page, ADFS's and Ping's forms, on TLS.

Shapes after the real pages: hidden fields, a cookie that must come back, one-time tokens, a second factor on demand.
"""

import json
import secrets
import ssl
import threading
from base64 import b64encode
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

USER, PASSWORD = "ethan@example.com", 'correct <horse> & "battery"'


@dataclass
class FormProvider:
    """One provider, with knobs for one lie at a time.

    Attributes:
        factor: what it asks for after the password: "", or Okta's status, or any word for the forms.
        moved: where it redirects every page to, or "".
        action: the form's action, in the place of its own.
        stall: hold every answer until the end.
    """

    certificate: Path
    key: Path
    response: bytes
    factor: str = ""
    moved: str = ""
    action: str = ""
    broken: str = ""
    stall: bool = False
    seen: list[str] = field(default_factory=list)
    passwords: int = 0
    _tokens: set[str] = field(default_factory=set)
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "FormProvider":
        provider = self

        class Handler(_Handler):
            standing = provider

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def wait(self) -> None:
        self._end.wait(60)

    def saml_page(self) -> str:
        value = b64encode(self.response).decode()
        return (
            '<html><head><title>Working...</title></head><body><form method="POST" action="https://broker/saml/acs">'
            f'<input type="hidden" name="SAMLResponse" value="{value}" />'
            '<input type="hidden" name="RelayState" value=""/>'
            '<noscript><input type="submit" value="Submit"/></noscript></form></body></html>'
        )

    def okta_authn(self, body: dict[str, str]) -> tuple[int, dict[str, object]]:
        self.passwords += 1
        if (body.get("username"), body.get("password")) != (USER, PASSWORD):
            return 401, {"errorCode": "E0000004", "errorSummary": "Authentication failed"}
        if self.factor:
            return 200, {"status": self.factor, "stateToken": "st", "_embedded": {"factors": [{"factorType": "push"}]}}
        self._tokens.add(token := secrets.token_urlsafe())
        return 200, {"status": "SUCCESS", "sessionToken": token, "_embedded": {"user": {"id": "00u"}}}

    def okta_page(self, token: str) -> tuple[int, str]:
        if token not in self._tokens:
            return 200, '<form data-se="factor" action="/x"><input name="answer" type="text"/></form>'
        self._tokens.discard(token)
        return 200, self.saml_page()

    def adfs_form(self, problem: str = "") -> str:
        return (
            f'<html><body>{escape(problem)}<form method="post" id="loginForm" action="{self.action or "/adfs/ls/go"}">'
            '<input id="userNameInput" name="UserName" type="email" value="" />'
            '<input id="passwordInput" name="Password" type="password" />'
            '<input type="checkbox" name="Kmsi" value="true" />'
            '<input id="optionForms" type="hidden" name="AuthMethod" value="FormsAuthentication"/></form></body></html>'
        )

    def ping_form(self, problem: str = "") -> str:
        return (
            f'<html><body>{escape(problem)}<form method="POST" action="{self.action or "/idp/go"}">'
            '<input id="username" type="text" name="pf.username" value=""/>'
            '<input id="password" type="password" name="pf.pass"/>'
            '<input type="hidden" name="pf.ok" value="clicked"/><input type="hidden" name="pf.cancel" value=""/></form>'
        )

    def submitted(self, form: dict[str, str], cookie: str) -> tuple[int, str]:
        self.passwords += 1
        adfs = "AuthMethod" in form
        user, password = (form.get(name) for name in (("UserName", "Password") if adfs else ("pf.username", "pf.pass")))
        good = form.get("AuthMethod") == "FormsAuthentication" if adfs else form.get("pf.ok") == "clicked"
        if not good or "begun=yes" not in cookie:
            return 400, "<html>Your session is invalid.</html>"
        if (user, password) != (USER, PASSWORD):
            return 200, self.adfs_form("Incorrect user ID or password.") if adfs else self.ping_form("We didn't...")
        if self.factor:
            return (
                200,
                f'<form action="/adfs/ls/mfa"><input name="AuthMethod" type="hidden" value="{self.factor}"/></form>',
            )
        return 200, self.saml_page()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust us hangs up, and that is all right."""


class _Handler(BaseHTTPRequestHandler):
    standing: FormProvider
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        provider, target = self.standing, urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        if self._lie():
            return
        match target.path:
            case "/home/amazon_aws_redshift/app/7":
                self._html(*provider.okta_page(query.get("onetimetoken", "")))
            case "/adfs/ls/IdpInitiatedSignOn.aspx" if query.get("loginToRp") == "urn:amazon:webservices":
                self._html(200, provider.adfs_form())
            case "/idp/startSSO.ping" if query.get("PartnerSpId") == "urn:amazon:webservices":
                self._html(200, provider.ping_form())
            case _:
                self._html(404, "<html>Not here.</html>")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self._lie():
            return
        match self.path:
            case "/api/v1/authn":
                status, answer = self.standing.okta_authn(json.loads(body))
                self._send(status, json.dumps(answer), "application/json")
            case "/adfs/ls/go" | "/idp/go":
                form = dict(parse_qsl(body, keep_blank_values=True))
                self._html(*self.standing.submitted(form, self.headers.get("Cookie", "")))
            case _:
                self._html(404, "<html>Not here.</html>")

    def _lie(self) -> bool:
        provider = self.standing
        provider.seen.append(f"{self.command} {self.path}")
        if provider.stall:
            provider.wait()
        if provider.moved:
            self.send_response(307)
            self.send_header("Location", provider.moved + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif provider.broken:
            self._html(200, provider.broken)
        return bool(provider.stall or provider.moved or provider.broken)

    def _html(self, status: int, text: str) -> None:
        self._send(status, text, "text/html; charset=utf-8")

    def _send(self, status: int, text: str, kind: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Set-Cookie", "begun=yes; Path=/; Secure; HttpOnly")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass
