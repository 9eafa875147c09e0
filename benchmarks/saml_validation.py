"""What full validation costs beside python3-saml's own `is_valid` and a bare xmlsec verify, on the same bytes.

    python benchmarks/saml_validation.py [seconds for each measure]

Targets for a signed assertion: at most half of the stock `is_valid`, and at most six times the bare verify.
"""

import base64
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import xmlsec
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

sys.path.insert(0, str(Path(__file__).parent.parent))

from saml.model import ExpectedResponse, RawResponse
from saml.validate import validate
from tests.simulators.identity_provider import DS
from tests.simulators.saml_lie_kit import SIGNED_BOTH, SIGNED_RESPONSE
from tests.simulators.saml_world import PROVIDER, REQUEST_ID, SERVICE_PROVIDER, SIMULATED

AWS = "https://aws.amazon.com/SAML/Attributes/"
ATTRIBUTES = {
    AWS + "Role": "arn:aws:iam::123456789012:role/oktarole,arn:aws:iam::123456789012:saml-provider/oktaidp",
    AWS + "RoleSessionName": "ethan@example.com",
    AWS + "PrincipalTag:RedshiftDbUser": "ethan@example.com",
    AWS + "PrincipalTag:RedshiftDbRoles": "sales:finance",
    AWS + "TransitiveTagKeys": ("RedshiftDbUser", "RedshiftDbRoles"),
}
SHAPES = {
    "signed assertion": {},
    "signed response": {"sign": SIGNED_RESPONSE},
    "both signed": {"sign": SIGNED_BOTH},
    "encrypted assertion": {"encrypt_for": SERVICE_PROVIDER.certificate},
}


def _body(pem: str) -> str:
    return "".join(pem.strip().splitlines()[1:-1])


def _stock_settings() -> OneLogin_Saml2_Settings:
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {
                "entityId": SERVICE_PROVIDER.entity_id,
                "assertionConsumerService": {"url": SERVICE_PROVIDER.acs_url},
                "x509cert": _body(SERVICE_PROVIDER.certificate),
                "privateKey": _body(SERVICE_PROVIDER.private_key),
            },
            "idp": {
                "entityId": PROVIDER.entity_id,
                "singleSignOnService": {"url": PROVIDER.sign_in_url},
                "x509cert": _body(PROVIDER.certificates[0]),
            },
            "security": {"rejectDeprecatedAlgorithm": True},
        }
    )


def _interleaved(measures: dict[str, Callable[[], object]], seconds: float) -> dict[str, float]:
    """The fewest milliseconds of each, taken in turn: what it costs where nothing else disturbs it."""
    times: dict[str, list[float]] = {name: [] for name in measures}
    end = time.perf_counter() + seconds * len(measures)
    while time.perf_counter() < end:
        for name, measure in measures.items():
            started = time.perf_counter()
            measure()
            times[name].append((time.perf_counter() - started) * 1e3)
    return {name: min(taken) for name, taken in times.items()}


def _measures(facts: dict[str, object]) -> dict[str, Callable[[], object]]:
    now = datetime.now(UTC)  # the stock check reads the clock
    value = SIMULATED.respond(
        REQUEST_ID, SERVICE_PROVIDER.acs_url, SERVICE_PROVIDER.entity_id, now, attributes=ATTRIBUTES, **facts
    )
    document = base64.b64decode(value)
    raw, expected = RawResponse(value.encode()), ExpectedResponse(PROVIDER, SERVICE_PROVIDER, REQUEST_ID)
    settings = _stock_settings()
    request = {"https": "on", "http_host": "broker.example.com", "script_name": "/saml/okta/acs"}
    key = xmlsec.Key.from_memory(PROVIDER.certificates[0], xmlsec.KeyFormat.CERT_PEM, None)

    def stock() -> None:
        OneLogin_Saml2_Response(settings, value).is_valid(request, REQUEST_ID, raise_exceptions=True)

    def bare() -> None:
        tree = etree.fromstring(document)
        xmlsec.tree.add_ids(tree, ["ID"])
        for signature in tree.iter(f"{{{DS}}}Signature"):
            context = xmlsec.SignatureContext()
            context.key = key
            context.verify(signature)

    return {"ours": lambda: validate(raw, expected, now), "stock is_valid": stock, "bare verify": bare}


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    print(f"{'shape':22}{'ours ms':>9}{'stock ms':>10}{'bare ms':>9}{'of stock':>10}{'x bare':>8}")
    for name, facts in SHAPES.items():
        found = _interleaved(_measures(facts), seconds)
        ours, stock, bare = found["ours"], found["stock is_valid"], found["bare verify"]
        visible = "encrypt_for" not in facts  # a bare verify sees no signature in a ciphertext
        times_bare = f"{ours / bare:8.2f}" if visible else f"{'-':>8}"
        print(f"{name:22}{ours:9.3f}{stock:10.3f}{bare:9.3f}{ours / stock:10.2f}{times_bare}")


if __name__ == "__main__":
    main()
