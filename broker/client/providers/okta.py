"""Okta without a browser: the authentication API, its one-time session token, the application's page."""

import json
from typing import Final
from urllib.parse import quote

from broker.client.errors import ProviderFailed, ProviderRefused, SecondFactorNeeded
from broker.client.properties import ConnectionProperties
from broker.client.providers.pages import Page, ProviderPages
from broker.secrets import Secret

_MORE_THAN_A_PASSWORD: Final = {
    "MFA_REQUIRED": "Okta asks for a second factor.",
    "MFA_CHALLENGE": "Okta asks for a second factor.",
    "MFA_ENROLL": "Okta asks you to set up a second factor.",
    "MFA_ENROLL_ACTIVATE": "Okta asks you to set up a second factor.",
    "PASSWORD_WARN": "Okta warns that your password expires soon, and wants an answer.",
}
TOO_MANY: Final = 429
_REFUSED: Final = {
    "LOCKED_OUT": "Your account at Okta is locked.",
    "PASSWORD_EXPIRED": "Your password at Okta has expired.",
}


def saml_response(properties: ConnectionProperties, pages: ProviderPages) -> Secret:
    """Sign in at Okta.

    Raises:
        ProviderRefused: user or password is wrong, or the account is locked.
        SecondFactorNeeded: Okta asks for more.
        ProviderFailed: anything else.
    """
    properties.need("app_id", "user", "password")
    password = properties.password.reveal() if properties.password else ""
    answer = pages.post_json("/api/v1/authn", {"username": properties.user, "password": password})
    token = _session_token(answer)
    path = f"/home/{quote(properties.app_name, safe='')}/{quote(properties.app_id, safe='/')}"
    page = pages.get(path, {"onetimetoken": token.reveal()})
    if (response := page.saml_response()) is not None:
        return response
    if page.status >= 400:
        raise ProviderFailed(
            f"{page.address} answered with status {page.status}.", remedy="Check `app_name` and `app_id` at Okta."
        )
    raise SecondFactorNeeded("Okta's application page holds no SAML response: it asks for something more.")


def _session_token(answer: Page) -> Secret:
    if answer.status in (401, 403):
        raise ProviderRefused("Okta did not take the user and password.")
    if answer.status == TOO_MANY:
        raise ProviderFailed("Okta takes no more sign-ins for the moment.", remedy="Wait a minute, then try again.")
    try:
        content = json.loads(answer.body)
        status, token = content.get("status"), content.get("sessionToken")
    except (ValueError, AttributeError, RecursionError):
        raise ProviderFailed(f"{answer.address} (status {answer.status}) did not answer as Okta does.") from None
    if status in _MORE_THAN_A_PASSWORD:
        raise SecondFactorNeeded(_MORE_THAN_A_PASSWORD[status])
    if status in _REFUSED:
        raise ProviderRefused(_REFUSED[status], remedy="Sign in at Okta in a browser, and follow what it says.")
    if status != "SUCCESS" or not isinstance(token, str) or not token:
        raise ProviderFailed(f"{answer.address} (status {answer.status}) began no session.")
    return Secret(token)
