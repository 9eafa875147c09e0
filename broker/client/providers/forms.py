"""ADFS and Ping without a browser: the page with a form for user and password."""

from broker.client.properties import ConnectionProperties
from broker.client.providers.pages import ProviderPages, sign_in_by_form
from broker.secrets import Secret


def adfs(properties: ConnectionProperties, pages: ProviderPages) -> Secret:
    """Sign in at Active Directory Federation Services."""
    return _by_form(properties, pages, "/adfs/ls/IdpInitiatedSignOn.aspx", {"loginToRp": properties.login_to_rp})


def ping(properties: ConnectionProperties, pages: ProviderPages) -> Secret:
    """Sign in at PingFederate."""
    return _by_form(properties, pages, "/idp/startSSO.ping", {"PartnerSpId": properties.partner_sp_id})


def _by_form(properties: ConnectionProperties, pages: ProviderPages, path: str, query: dict[str, str]) -> Secret:
    properties.need("user", "password")
    password = properties.password or Secret("")
    return sign_in_by_form(pages, pages.get(path, query), properties.user, password)
