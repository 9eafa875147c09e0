"""The full-screen client."""

from tui.core.login import BrokerLogins, DirectLogin


def start_full_screen(source: BrokerLogins | DirectLogin, *, read_only: bool) -> int:  # noqa: ARG001
    """Run the full-screen client until the person leaves it; returns the exit code."""
    import click

    click.echo("The full-screen client starts here; it is not built yet. Pass -c, -f, or a script on stdin.", err=True)
    return 1
