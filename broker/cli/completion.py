"""`broker completion`."""

import click
from click.shell_completion import get_completion_class

_VARIABLE = "_BROKER_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete `broker`: commands, options, workgroups, databases.

    \b
    bash   eval "$(broker completion bash)"                                      in ~/.bashrc
    zsh    eval "$(broker completion zsh)"                                       in ~/.zshrc, after compinit
    fish   broker completion fish > ~/.config/fish/completions/broker.fish

    Names of workgroups are those that the broker named last; completing asks nobody.
    """  # noqa: D301 - click reads the backspace
    made = get_completion_class(shell)
    if made is None:  # click knows all of them
        raise click.UsageError(f"click does not know {shell}.")
    click.echo(made(context.find_root().command, {}, "broker", _VARIABLE).source())
