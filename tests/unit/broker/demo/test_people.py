"""The demo provider's people: hashed passwords, exact groups."""

import pytest

from broker.demo.people import CAST, People
from broker.secrets import Secret


@pytest.fixture
def people(tmp_path):
    return People.create(tmp_path / "people.json", {name: Secret(f"{name}-password") for name in CAST})


def test_the_right_password_signs_in(people):
    person = people.sign_in(" Ethan ", Secret("ethan-password"))
    assert person is not None
    assert (person.email, person.groups) == ("ethan@example.com", ("sales",))


@pytest.mark.parametrize(("name", "password"), [("ethan", "fiona-password"), ("ethan", ""), ("nobody", ""), ("", "")])
def test_anything_else_does_not(people, name, password):
    assert people.sign_in(name, Secret(password)) is None


def test_a_move_is_exact_and_drops_unknown_groups(people):
    moved = people.move("ethan", ["finance", "root"])
    assert moved is not None
    assert moved.groups == ("finance",)
    assert {person.name: person.groups for person in people.all()}["gus"] == ("sales", "finance")


def test_moving_nobody_changes_nothing(people):
    before = people.all()
    assert people.move("mallory", ["sales"]) is None
    assert people.all() == before


def test_the_file_holds_no_password_and_is_private(people, tmp_path):
    file = tmp_path / "people.json"
    assert "ethan-password" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
