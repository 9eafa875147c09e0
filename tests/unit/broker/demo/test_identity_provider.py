"""The demo provider's pages: it answers the registered application only, and signs what it says."""

import base64
import re
import shutil
import zlib
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from signxml.verifier import XMLVerifier
from starlette.testclient import TestClient

from broker.demo import saml_messages
from broker.demo.certificates import issue_signing
from broker.demo.identity_provider import DemoProvider
from broker.demo.people import CAST, People
from broker.demo.saml_messages import Issuer, ServiceProvider
from broker.errors import RequestMalformed
from broker.secrets import Secret

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PROVIDER = ServiceProvider("http://127.0.0.1:8443/saml/demo/metadata", "http://127.0.0.1:8443/saml/demo/acs")
REQUEST = (
    '<p:AuthnRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r1" AssertionConsumerServiceURL="{acs}"'
    ' Destination="http://localhost:9000/sso"><a:Issuer xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion">{issuer}'
    "</a:Issuer></p:AuthnRequest>"
)


def encode(xml):
    deflated = zlib.compress(xml.encode(), wbits=-15)
    return base64.b64encode(deflated).decode()


def request(acs=PROVIDER.acs_url, issuer=PROVIDER.entity_id):
    return encode(REQUEST.format(acs=acs, issuer=issuer))


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    signing = issue_signing(tmp_path_factory.mktemp("idp"), "signing", "Test provider", datetime.now(UTC))
    return Issuer("http://localhost:9000", signing, "arn:aws:iam::1:role/r,arn:aws:iam::1:saml-provider/p")


@pytest.fixture(scope="module")
def cast(tmp_path_factory):
    """The people file, hashed once."""
    path = tmp_path_factory.mktemp("cast") / "people.json"
    People.create(path, {name: Secret(f"{name}-password") for name in CAST})
    return path


@pytest.fixture
def people(tmp_path, cast):
    return People(Path(shutil.copy(cast, tmp_path)))


@pytest.fixture
def client(issuer, people):
    provider = DemoProvider(issuer, PROVIDER, people, Secret("administrator"))
    return TestClient(provider.application(), base_url="http://localhost:9000", follow_redirects=False)


def assertion_of(page, issuer):
    found = re.search(r'name="SAMLResponse" value="([^"]+)"', page)
    assert found
    xml = base64.b64decode(found[1])
    certificate = issuer.signing.certificate.read_text()
    verified = XMLVerifier().verify(xml, x509_cert=certificate, id_attribute="ID").signed_xml
    return xml.decode(), verified


def sign_in(client, name="ethan", password="ethan-password", saml_request=None):
    form = {"user": name, "password": password, "SAMLRequest": saml_request or "", "RelayState": "relay<1>"}
    return client.post("/sso", data=form)


def values(assertion, name):
    space = "{urn:oasis:names:tc:SAML:2.0:assertion}"
    full = f"https://aws.amazon.com/SAML/Attributes/{name}"
    return [value.text for found in assertion.iter(f"{space}Attribute") if found.get("Name") == full for value in found]


def test_a_sign_in_ends_in_a_signed_assertion_in_aws_shape(client, issuer):
    page = sign_in(client, "gus", "gus-password", request())
    xml, assertion = assertion_of(page.text, issuer)
    assert assertion.tag.endswith("}Assertion")
    assert values(assertion, "PrincipalTag:RedshiftDbUser") == ["gus@example.com"]
    assert values(assertion, "PrincipalTag:RedshiftDbRoles") == ["sales:finance"]
    assert values(assertion, "TransitiveTagKeys") == ["RedshiftDbUser", "RedshiftDbRoles"]
    assert values(assertion, "RoleSessionName") == ["gus@example.com"]
    assert values(assertion, "Role") == [issuer.role]
    assert xml.count('InResponseTo="_r1"') == 2
    assert 'value="relay&lt;1&gt;"' in page.text


def test_somebody_in_no_group_asserts_no_role_tag(client, issuer):
    _, assertion = assertion_of(sign_in(client, "nora", "nora-password", request()).text, issuer)
    assert values(assertion, "PrincipalTag:RedshiftDbRoles") == []


def test_a_sign_in_that_the_provider_begins_answers_no_request(client, issuer):
    xml, _ = assertion_of(sign_in(client).text, issuer)
    assert "InResponseTo" not in xml


def test_a_wrong_password_shows_the_form_again_and_no_assertion(client):
    page = sign_in(client, password="wrong", saml_request=request())
    assert page.status_code == 401
    assert "SAMLResponse" not in page.text
    assert "wrong.</p>" in page.text


@pytest.mark.parametrize(
    "hostile",
    [
        request(acs="http://evil.example/acs"),
        request(acs=PROVIDER.acs_url + "/more"),
        request(issuer="http://evil.example"),
        encode("<!DOCTYPE x [<!ENTITY e 'x'>]>" + REQUEST),
        encode("<x/>"),
        encode("<not closed"),
        encode(" " * 20_000 + "<x/>"),
        "%%%",
        base64.b64encode(b"not deflated").decode(),
    ],
)
def test_a_request_of_somebody_else_is_refused(client, hostile):
    assert client.get("/sso?" + urlencode({"SAMLRequest": hostile})).status_code == 400
    assert sign_in(client, saml_request=hostile).status_code == 400


def test_a_request_for_another_provider_is_refused(issuer):
    other = Issuer("http://localhost:9001", issuer.signing, issuer.role)
    with pytest.raises(RequestMalformed, match="another identity provider"):
        saml_messages.read_request(request(), other, PROVIDER)


def test_the_pages_allow_no_script(client):
    for path in ("/", "/sso", "/sso?" + urlencode({"SAMLRequest": request()})):
        page = client.get(path)
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "<script" not in page.text


def test_another_host_name_is_refused(client):
    assert client.get("/", headers={"host": "rebound.example"}).status_code == 400


def test_groups_need_the_administrator(client):
    assert client.get("/people").status_code == 401
    assert client.get("/people", auth=("admin", "guess")).status_code == 401
    assert client.get("/people", headers={"authorization": "Basic %%"}).status_code == 401
    assert "Ethan Sales" in client.get("/people", auth=("admin", "administrator")).text


def test_moving_somebody_needs_the_providers_own_page(client, people):
    form, admin = {"group": "finance"}, ("admin", "administrator")
    elsewhere = client.post("/people/ethan", data=form, auth=admin, headers={"origin": "http://evil.example"})
    assert elsewhere.status_code == 400
    assert client.post("/people/ethan", data=form, auth=admin).status_code == 400
    moved = client.post("/people/ethan", data=form, auth=admin, headers={"origin": "http://localhost:9000"})
    assert (moved.status_code, moved.headers["location"]) == (303, "/people?moved=ethan")
    assert people.all()[0].groups == ("finance",)


def test_a_value_cannot_leave_its_element(issuer, people):
    person = people.all()[0]
    hostile = type(person)("x</saml:NameID>", "X", ("a&b",), person.password_hash)
    encoded = saml_messages.response(issuer, PROVIDER, hostile, "", NOW)
    assert b"x&lt;/saml:NameID&gt;@example.com" in base64.b64decode(encoded)
