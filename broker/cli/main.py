"""`broker`: the group of commands, each imported when it is called.

Exit codes (`broker.client.errors.ExitCode`): 0 done, 1 refused or failed, 2 wrong usage or settings, 3 not signed in,
4 broker unreachable, 130 cancelled.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final, NoReturn

import click
from click.shell_completion import CompletionItem

from broker.client.errors import ClientError, ExitCode, ExtraMissing, printable
from broker.errors import Refusal

_OWN_PACKAGES: Final = frozenset({"broker", "saml", "roles", "tui"})


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """A command that is not imported yet.

    Attributes:
        target: `module:attribute` of the click command.
        summary: its line in the group's help.
        extra: the optional part of the distribution that it needs, or "".
    """

    target: str
    summary: str
    extra: str = ""


COMMANDS: Final = {
    "login": LazyCommand("broker.cli.login:login", "Sign in at the broker."),
    "credentials": LazyCommand("broker.cli.credentials:credentials", "Get a temporary database login."),
    "proxy": LazyCommand("broker.cli.proxy:proxy", "Let any PostgreSQL program in without a password."),
    "connect-info": LazyCommand("broker.cli.connect_info:connect_info", "Say what to type into DBeaver and its kin."),
    "exec": LazyCommand("broker.cli.exec:exec_", "Run a program that finds the warehouse by itself."),
    "whoami": LazyCommand("broker.cli.whoami:whoami", "Show who you are, and what you may use."),
    "profiles": LazyCommand("broker.cli.profiles:profiles", "List the connection profiles."),
    "completion": LazyCommand("broker.cli.completion:completion", "Make bash, zsh or fish complete all this."),
    "logout": LazyCommand("broker.cli.logout:logout", "Sign out, here and at the broker."),
    "demo": LazyCommand("broker.cli.demo:demo", "Run the whole story on this machine.", "demo"),
    "serve": LazyCommand("broker.cli.serve:serve", "Run the broker.", "server"),
    "doctor": LazyCommand("broker.cli.doctor:doctor", "Check a broker and its warehouses.", "server"),
    "keys": LazyCommand("broker.cli.keys:keys", "Make and rotate the broker's keys.", "server"),
    "plan": LazyCommand("broker.cli.plan:plan", "Show what a login would change.", "server"),
    "policy": LazyCommand("broker.cli.policy:policy", "Check the policy, and make a running broker read it.", "server"),
    "drift": LazyCommand("broker.cli.drift:drift", "Show what differs between store, policy and warehouse.", "server"),
    "explain": LazyCommand("broker.cli.access:explain", "Say whether somebody may, and why.", "server"),
    "who-can": LazyCommand("broker.cli.access:who_can", "List everybody who may, and why.", "server"),
    "idp": LazyCommand("broker.cli.idp:idp", "Add and try identity providers.", "server"),
    "audit": LazyCommand("broker.cli.audit:audit", "Show what was decided, by reference number or person.", "server"),
    "revoke": LazyCommand("broker.cli.revoke:revoke", "End access now: a person's, a session's, a lease's.", "server"),
    "offboard": LazyCommand("broker.cli.revoke:offboard", "End all that a person has, who leaves.", "server"),
    "service-token": LazyCommand(
        "broker.cli.service_token:service_token", "Let programs in that have no person.", "server"
    ),
    "warehouse": LazyCommand("broker.cli.warehouse:warehouse", "Prepare a warehouse for the broker.", "server"),
}


class LazyGroup(click.Group):
    """A group whose help and start import none of its commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if (lazy := COMMANDS.get(cmd_name)) is None:
            return None
        module, _, attribute = lazy.target.partition(":")
        try:
            command = getattr(import_module(module), attribute)
        except ModuleNotFoundError as missing:
            _explain_missing(missing, cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.summary) for name, lazy in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands without importing any, and the group's own options."""
        commands = [
            CompletionItem(name, help=lazy.summary) for name, lazy in COMMANDS.items() if name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as missing:  # a command that imports its libraries when it runs
            _explain_missing(missing, ctx.invoked_subcommand or "")


_EXIT_CODES: Final = (
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage or settings, 3 not signed in, 4 broker unreachable, "
    "130 cancelled."
)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXIT_CODES)
@click.version_option(package_name="warehouse-access-broker", prog_name="broker")
def broker() -> None:
    """Sign in once, get a temporary database login with just your rights."""


def main() -> NoReturn:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code."""
    try:
        result: object = broker.main(args=list(arguments), prog_name="broker", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Cancelled.", err=True)
        return ExitCode.CANCELLED
    except ClientError as error:
        _show(error, error.reference)
        return error.exit_code
    except Exception as error:
        if not isinstance(error, Refusal):
            raise
        _show(error)
        return ExitCode.REFUSED
    return result if isinstance(result, int) else ExitCode.OK


def _show(error: Refusal | ClientError, reference: str = "") -> None:
    """What happened, what to do, and the number to tell the administrator; on stderr."""
    click.echo(f"broker: {printable(error.what)} [{error.code}]", err=True)
    click.echo(f"  {printable(error.remedy)}", err=True)
    if reference:
        click.echo(f"  Reference: {reference}", err=True)


def _explain_missing(missing: ModuleNotFoundError, command: str) -> NoReturn:
    """Say which extra holds the library that is missing; a missing module of our own is a bug and stays one."""
    lazy = COMMANDS.get(command)
    if lazy is None or not lazy.extra or (missing.name or "").partition(".")[0] in _OWN_PACKAGES:
        raise missing
    raise ExtraMissing(
        f"`broker {command}` needs the {lazy.extra} part, which is not installed ({missing.name} is missing).",
        remedy=f"pip install 'warehouse-access-broker[{lazy.extra}]'",
    ) from None
