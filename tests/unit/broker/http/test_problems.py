import logging
from typing import Any

import pytest

import roles.errors
import saml.errors
from broker.errors import BrokerError, refusal_classes
from broker.http.problems import STATUS, as_refusal, status_of


def below(root: type[Any]) -> set[str]:
    return {root.code} | {code for cls in root.__subclasses__() for code in below(cls)}


def test_every_code_of_the_service_has_a_status() -> None:
    service = {cls.code for cls in refusal_classes() if not cls.__module__.startswith("broker.demo")}
    assert service <= set(STATUS)


def test_every_code_of_the_role_mapping_has_a_status() -> None:
    assert below(roles.errors.RolesError) <= set(STATUS)


def test_no_code_is_in_the_table_that_nothing_raises() -> None:
    known = {cls.code for cls in refusal_classes()} | below(roles.errors.RolesError) | below(saml.errors.SamlError)
    assert set(STATUS) <= known


def test_refusals_of_responses_have_one_status() -> None:
    codes = below(saml.errors.SamlError) - set(STATUS)
    assert {status_of(code) for code in codes} == {403}
    assert "saml-signature-invalid" in codes


def test_an_unknown_code_is_a_defect() -> None:
    assert status_of("never-heard-of") == 500


def test_a_foreign_exception_is_hidden_and_its_text_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "broker.http"), pytest.raises(ValueError) as raised:
        int("password=hunter2")
    refusal = as_refusal(raised.value, "r1")
    assert (type(refusal), refusal.code) == (BrokerError, "internal-error")
    assert "r1" in caplog.text
    assert "test_problems.py" in caplog.text
    assert "hunter2" not in caplog.text + refusal.what
