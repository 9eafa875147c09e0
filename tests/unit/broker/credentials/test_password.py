"""What is random in a login is random enough, and safe wherever a client writes it."""

import re

from broker.credentials.password import PASSWORD_BYTES, new_alias, new_lease_id, new_password

MANY = 200


def test_a_password_has_128_bits_or_more_in_characters_that_need_no_escape() -> None:
    assert PASSWORD_BYTES * 8 >= 128
    for _ in range(MANY):
        assert re.fullmatch(r"[A-Za-z0-9_-]{22,}", new_password().reveal())


def test_a_password_does_not_show_itself() -> None:
    password = new_password()
    assert password.reveal() not in f"{password} {password!r}"


def test_an_alias_is_the_prefix_and_twenty_characters_that_need_no_quotes() -> None:
    for _ in range(MANY):
        assert re.fullmatch(r"bk_[a-z2-7]{20}", new_alias("bk_"))


def test_nothing_comes_twice() -> None:
    for make in (new_lease_id, lambda: new_alias("bk_"), lambda: new_password().reveal()):
        assert len({make() for _ in range(MANY)}) == MANY
