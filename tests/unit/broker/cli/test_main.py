import importlib

import click
import pytest

from broker.cli import main
from broker.cli.main import COMMANDS, run
from broker.client.errors import BrokerUnreachable, ClientError, NotSignedIn, SettingsInvalid, SignInCancelled
from broker.errors import ConfigError


def command_that(monkeypatch: pytest.MonkeyPatch, error: BaseException | None = None, result: object = None) -> None:
    """Put a command that ends so in the place of `serve`."""

    @click.command()
    def serve() -> object:
        if error is not None:
            raise error
        return result

    module = type("Module", (), {"serve": serve})
    monkeypatch.setattr(main, "import_module", lambda _: module)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ClientError("x"), 1),
        (ConfigError("x"), 1),
        (SettingsInvalid("x"), 2),
        (click.UsageError("x"), 2),
        (NotSignedIn("x"), 3),
        (BrokerUnreachable("x"), 4),
        (SignInCancelled("x"), 130),
        (KeyboardInterrupt(), 130),
        (click.exceptions.Exit(7), 7),
    ],
)
def test_exit_codes(monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int) -> None:
    command_that(monkeypatch, error)
    assert run(["serve"]) == status


@pytest.mark.parametrize(("result", "status"), [(None, 0), (1, 1), ("text", 0)])
def test_result_of_a_command_that_is_a_number_is_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, result: object, status: int
) -> None:
    command_that(monkeypatch, result=result)
    assert run(["serve"]) == status


def test_error_goes_to_stderr_with_remedy_and_reference(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command_that(monkeypatch, ClientError("It broke.", remedy="Mend it.", reference="r-1"))
    run(["serve"])
    assert capsys.readouterr() == ("", "broker: It broke. [client-failed]\n  Mend it.\n  Reference: r-1\n")


def test_bug_is_not_dressed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    command_that(monkeypatch, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        run(["serve"])


@pytest.mark.parametrize("arguments", [["serve"], ["serve", "--help"]])
def test_missing_extra_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    def missing(_: str) -> None:
        raise ModuleNotFoundError("No module named 'uvicorn'", name="uvicorn")

    monkeypatch.setattr(main, "import_module", missing)
    assert run(arguments) == 2
    assert "pip install 'warehouse-access-broker[server]'" in capsys.readouterr().err


def test_missing_extra_is_named_also_when_the_command_finds_out_late(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command_that(monkeypatch, ModuleNotFoundError("No module named 'uvicorn'", name="uvicorn"))
    assert run(["serve"]) == 2
    assert "uvicorn is missing" in capsys.readouterr().err


def test_missing_module_of_our_own_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    command_that(monkeypatch, ModuleNotFoundError("No module named 'broker.wiring'", name="broker.wiring"))
    with pytest.raises(ModuleNotFoundError):
        run(["serve"])


def test_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["nope"]) == 2
    assert "No such command" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["login", "credentials", "whoami", "logout"])
def test_client_commands_are_there_and_explain_themselves(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module, _, attribute = COMMANDS[name].target.partition(":")
    assert isinstance(getattr(importlib.import_module(module), attribute), click.Command)
    assert run([name, "--help"]) == 0
    assert f"broker {name}" in capsys.readouterr().out


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown and lazy.summary in shown for name, lazy in COMMANDS.items())
    assert "Exit codes" in shown
