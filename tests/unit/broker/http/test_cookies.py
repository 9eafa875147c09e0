from starlette.requests import Request
from starlette.responses import Response

from broker.http.cookies import Cookies
from broker.secrets import Secret

HANDLE = "abcdefghijklmnop"


def set_cookie(cookies: Cookies) -> str:
    response = Response()
    cookies.bind_login(response, HANDLE, Secret("key"))
    return response.headers["set-cookie"]


def request(cookie: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", cookie.encode())]})


def test_over_https_only_this_very_host_can_set_it_and_the_provider_s_post_carries_it() -> None:
    cookie = set_cookie(Cookies(secure=True))
    assert cookie.startswith("__Host-broker-login-abcdefgh=key;")
    for part in ("HttpOnly", "Secure", "SameSite=none", "Path=/", "Max-Age=600"):
        assert part in cookie
    assert "Domain" not in cookie


def test_on_loopback_without_tls_browsers_would_drop_secure_and_none() -> None:
    cookie = set_cookie(Cookies(secure=False))
    assert cookie.startswith("broker-login-abcdefgh=key;")
    assert "HttpOnly" in cookie
    assert "Secure" not in cookie
    assert "SameSite" not in cookie


def test_the_cookie_of_the_device_page_goes_to_no_other_site_s_form() -> None:
    response = Response()
    Cookies(secure=True).bind_confirmation(response, Secret("key"))
    assert "SameSite=strict" in response.headers["set-cookie"]


def test_each_sign_in_has_its_own() -> None:
    cookies = Cookies(secure=True)
    both = request("__Host-broker-login-abcdefgh=one; __Host-broker-login-22222222=two")
    assert cookies.login_key(both, HANDLE) == "one"
    assert cookies.login_key(both, "2" * 32) == "two"
    assert cookies.login_key(both, "3" * 32) == ""
    assert cookies.login_key(both, "") == ""
