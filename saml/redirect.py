"""Sending a message through the browser: the HTTP-Redirect binding (SAML Bindings 3.4)."""

import base64
from urllib.parse import quote, urlencode

from saml._toolkit import RSA_SHA256, deflate, sign_query
from saml.model import ServiceProvider


def redirect_to(address: str, parameter: str, message: str, relay_state: str, sender: ServiceProvider) -> str:
    """The address to send the browser to; signed where we have a key (Bindings 3.4.4.1).

    Raises:
        PrivateKeyInvalid: our key cannot sign.
    """
    fields = {parameter: deflate(message.encode())}
    if relay_state:
        fields["RelayState"] = relay_state
    if sender.private_key:
        fields["SigAlg"] = RSA_SHA256
    query = urlencode(fields, quote_via=quote, safe="")
    if sender.private_key:
        signature = base64.b64encode(sign_query(query, sender.private_key))
        query += "&" + urlencode({"Signature": signature}, quote_via=quote, safe="")
    return f"{address}{'&' if '?' in address else '?'}{query}"
