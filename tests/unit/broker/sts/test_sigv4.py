"""Our verifier against AWS' own signer, one lie at a time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import SessionError
from broker.secrets import Secret
from broker.store.memory import memory_store
from broker.sts.errors import SignatureIncomplete, SignatureInvalid
from broker.sts.keys import KeyRing
from broker.sts.model import SessionCredentials
from broker.sts.service import SessionService
from broker.sts.sigv4 import UnverifiedRequest, parse, verify
from tests.unit.broker.sts.test_service import APPROVED

SERVICE = "redshift-serverless"
BODY = b'{"workgroupName":"analytics"}'


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> SessionCredentials:
    store = memory_store()
    ring = KeyRing.create(tmp_path_factory.mktemp("keys") / "keys")
    service = SessionService(ring, store.sessions, store.leases, store.audit)
    return service.issue(APPROVED, "test", "r1", APPROVED.session_ends_by - timedelta(hours=1))


def signed(
    credentials: SessionCredentials,
    *,
    url: str = "https://broker.example.com:8443/",
    region: str = "eu-central-1",
    service: str = SERVICE,
    body: bytes = BODY,
    **headers: str,
) -> UnverifiedRequest:
    """As botocore signs it."""
    sent = {"X-Amz-Target": "RedshiftServerless.GetCredentials", "Content-Type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", url, headers=sent | headers, data=body)
    keys = Credentials(
        credentials.access_key_id, credentials.secret_access_key.reveal(), credentials.session_token.reveal()
    )
    SigV4Auth(keys, service, region).add_auth(request)
    found = [(name.lower(), value) for name, value in request.headers.items()]
    return UnverifiedRequest([*found, ("host", url.split("/")[2])], body)


def moment(request: UnverifiedRequest) -> datetime:
    (date,) = (value for name, value in request.headers if name == "x-amz-date")
    return datetime.strptime(date + "+0000", "%Y%m%dT%H%M%SZ%z")


def check(request: UnverifiedRequest, credentials: SessionCredentials, *, late: timedelta = timedelta()) -> None:
    verify(parse(request), request, credentials, SERVICE, moment(request) + late)


def changed(request: UnverifiedRequest, name: str, change: Callable[[str], str]) -> UnverifiedRequest:
    assert name in dict(request.headers)
    return replace(
        request, headers=[(each, change(value) if each == name else value) for each, value in request.headers]
    )


@pytest.mark.parametrize("region", ["us-east-1", "t", "eu-central-1", "us-gov-west-1"])
def test_what_aws_signs_is_taken_for_any_region(credentials: SessionCredentials, region: str) -> None:
    request = signed(credentials, region=region)
    claimed = parse(request)
    assert claimed.unverified_target == "RedshiftServerless.GetCredentials"
    assert claimed.unverified_token == credentials.session_token
    check(request, credentials)


@given(body=st.binary(max_size=300), note=st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"])))
def test_any_body_and_any_header_is_signed_alike(credentials: SessionCredentials, body: bytes, note: str) -> None:
    check(signed(credentials, body=body, **{"X-Note": note}), credentials)


@given(data=st.data())
def test_a_changed_body_is_refused(credentials: SessionCredentials, data: st.DataObject) -> None:
    request = signed(credentials)
    other = data.draw(st.binary(max_size=60).filter(lambda body: body != BODY))
    with pytest.raises(SignatureInvalid):
        check(replace(request, body=other), credentials)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("host", lambda value: "evil.example.com"),
        ("x-amz-target", lambda value: "RedshiftServerless.GetWorkgroup"),
        ("content-type", lambda value: "application/json"),
        ("x-amz-date", lambda value: value[:-2] + ("1Z" if value[-2] == "0" else "0Z")),
        ("x-amz-security-token", lambda value: value[:-1] + ("A" if value[-1] != "A" else "B")),
        ("authorization", lambda value: value[:-1] + ("0" if value[-1] != "0" else "1")),
        ("authorization", lambda value: value.replace("eu-central-1", "us-east-1")),
        ("authorization", lambda value: value.replace("WABA", "AKIA")),
    ],
)
def test_a_changed_header_is_refused(credentials: SessionCredentials, name: str, change: Callable[[str], str]) -> None:
    with pytest.raises(SignatureInvalid):
        check(changed(signed(credentials), name, change), credentials)


@pytest.mark.parametrize(
    "name", ["host", "x-amz-date", "x-amz-security-token", "x-amz-target", "authorization", "content-type"]
)
def test_a_header_that_stands_twice_or_not_at_all_is_refused(credentials: SessionCredentials, name: str) -> None:
    request = signed(credentials)
    value = dict(request.headers)[name]
    with pytest.raises(SignatureIncomplete, match=name):
        check(replace(request, headers=[(name, value), *request.headers]), credentials)
    with pytest.raises(SignatureIncomplete, match=name):
        check(replace(request, headers=[each for each in request.headers if each[0] != name]), credentials)


@pytest.mark.parametrize("name", ["host", "x-amz-date", "x-amz-security-token", "x-amz-target"])
def test_what_decides_must_be_signed(credentials: SessionCredentials, name: str) -> None:
    def unsign(value: str) -> str:
        head, mark, rest = value.partition("SignedHeaders=")
        names, comma, signature = rest.partition(",")
        return head + mark + ";".join(each for each in names.split(";") if each != name) + comma + signature

    with pytest.raises(SignatureIncomplete, match=f"{name} must be signed"):
        check(changed(signed(credentials), "authorization", unsign), credentials)


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.replace("content-type;host", "host;content-type"),
        lambda value: value.replace("host;", "host;host;"),
        lambda value: value.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        lambda value: value.replace("aws4_request", "aws3_request"),
        lambda value: value + "0",
        lambda value: "Bearer " + value,
        lambda value: "",
    ],
)
def test_a_signature_of_another_shape_is_refused(credentials: SessionCredentials, change: Callable[[str], str]) -> None:
    with pytest.raises(SignatureIncomplete):
        check(changed(signed(credentials), "authorization", change), credentials)


def test_a_query_is_refused(credentials: SessionCredentials) -> None:
    with pytest.raises(SignatureIncomplete, match="query"):
        check(replace(signed(credentials), query=b"X-Amz-Expires=60"), credentials)


def test_a_clock_may_be_five_minutes_off(credentials: SessionCredentials) -> None:
    request = signed(credentials)
    for late in (timedelta(minutes=5), timedelta(minutes=-5)):
        check(request, credentials, late=late)
    for late in (timedelta(minutes=5, seconds=1), timedelta(minutes=-5, seconds=-1)):
        with pytest.raises(SignatureInvalid, match="signed at"):
            check(request, credentials, late=late)


@pytest.mark.parametrize("date", ["20260231T000000Z", "20261125T000000", "2026-11-25T00:00:00Z", ""])
def test_what_is_no_date_is_refused(credentials: SessionCredentials, date: str) -> None:
    request = signed(credentials)
    now = moment(request)
    broken = changed(request, "x-amz-date", lambda _: date)
    with pytest.raises(SessionError):
        verify(parse(broken), broken, credentials, SERVICE, now)


def test_another_secret_or_service_is_refused(credentials: SessionCredentials) -> None:
    stolen = replace(credentials, secret_access_key=Secret("x" * 40))
    with pytest.raises(SignatureInvalid, match="does not fit"):
        check(signed(stolen), credentials)
    with pytest.raises(SignatureInvalid, match="service s3"):
        check(signed(credentials, service="s3"), credentials)
