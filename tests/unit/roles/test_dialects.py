"""What both dialects hold to, statement by statement."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.sql import Identifier

from roles.desired import DesiredPassword, Owner
from roles.dialect.base import Dialect
from roles.dialect.postgres import PostgresDialect
from roles.dialect.redshift import RedshiftDialect
from roles.plan import CreateStableUser, GrantRole, RecordManaged, RevokeRole, SetPassword
from roles.verifier import redshift_md5

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
PASSWORD = "correct horse battery staple"
END = datetime(2026, 1, 2, tzinfo=UTC)
DESIRED = DesiredPassword("g", redshift_md5(PASSWORD, "ethan"), END, 3, timedelta(hours=1))


@pytest.mark.parametrize("dialect", [PostgresDialect(), RedshiftDialect()], ids=["postgres", "redshift"])
class TestDialect:
    @given(role=NAMES, user=NAMES)
    def test_whatever_a_name_is_it_stays_one_name(self, dialect: Dialect, role: str, user: str) -> None:
        quoted = [Identifier(name).as_string(None) for name in (role, user)]
        for change in (GrantRole(role, user), RevokeRole(role, user)):
            text = dialect.render(change).as_string(None)
            for name in quoted:
                assert name in text
                text = text.replace(name, "", 1)
            assert '"' not in text
            assert ";" not in text

    def test_making_somebody_lets_nobody_in(self, dialect: Dialect) -> None:
        text = dialect.render(CreateStableUser("ethan")).as_string(None)
        assert "NOLOGIN" in text or "PASSWORD DISABLE" in text

    def test_a_record_has_no_power(self, dialect: Dialect) -> None:
        text = dialect.render(RecordManaged("ethan", Owner("okta", "ethan"), ("sales",))).as_string(None)
        assert text.startswith("COMMENT") or text == ""


def test_a_password_never_gets_into_a_statement() -> None:
    changes = (CreateStableUser("ethan", DESIRED), SetPassword("ethan", replace(DESIRED, generation="h")))
    for change in changes:
        text = RedshiftDialect().render(change).as_string(None)
        assert PASSWORD not in text
        assert DESIRED.verifier.text in text
        assert "md5" not in change.describe() + repr(change)


def test_postgresql_refuses_what_is_not_its_way() -> None:
    for change in (CreateStableUser("ethan", DESIRED), SetPassword("ethan", DESIRED)):
        with pytest.raises(TypeError):
            PostgresDialect().render(change)
