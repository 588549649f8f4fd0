"""The command line. A command lives in a module of its own and is loaded when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from io import TextIOWrapper
from typing import Any

import click

from emkit.cli.failures import exit_code_of, screen_of
from emkit.interrupts import hand_over
from emkit.version import __version__

COMMANDS = {
    "demo": "Fit every lesson and a real data set, and show what came out.",
    "lessons": "List the worked examples.",
    "explain": "Show one step of EM in numbers.",
    "why": "Show why EM works, with the numbers of a lesson.",
    "check": "Find the first wrong number in a worked step, and why.",
    "derive": "Derive the M-step of a family, line by line.",
    "fit": "Fit a mixture to a CSV file.",
    "predict": "Tell where the rows of a file belong, by a fit that was saved.",
    "resume": "Go on with a fit that was stopped, from its checkpoint.",
    "select": "Fit several numbers of components and families, and choose.",
    "report": "Write up a fit: a report that one can print and cite.",
    "explore": "Open a page that shows every step of EM, or write it.",
    "families": "List the families of components, and the data they are for.",
    "doctor": "Check that emkit works on this machine.",
}


class Commands(click.Group):
    """The commands by name. Ends with the exit codes of `emkit.cli.failures`, and one sentence for a user's mistake."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"emkit.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, and leave with the exit code that the command returned, or that belongs to what went wrong."""
        sys.exit(exit_code_of(lambda: super(Commands, self).main(*args, **{**extra, "standalone_mode": False})))


@click.group("emkit", cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="emkit", message="%(prog)s %(version)s")
@click.pass_context
def group(ctx: click.Context) -> None:
    """Expectation-maximization you can run, trust and see.

    Exit codes: 0 all is well; 1 the run failed, or check found a mistake; 2 wrong usage; 3 fitted, but not converged; 4 the
    data cannot be used; 130 interrupted. Results go to stdout, everything else to stderr.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """The entry point of the ``emkit`` command."""
    hand_over()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout = screen_of(sys.stdout)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - closed by whoever started emkit: nobody listens
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    if isinstance(sys.stderr, TextIOWrapper):  # a name that the terminal's encoding lacks is shown escaped
        sys.stderr.reconfigure(errors="backslashreplace")
    group(prog_name="emkit")
