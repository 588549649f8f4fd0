"""``emkit check``: mark the numbers that a source prints, or one's own."""

from __future__ import annotations

import click

from emkit.cli.screen import examples, json_option, print_json
from emkit.cli.subjects import complete_lesson, lesson_called

EXAMPLES = ("emkit check two-coins --printed", "emkit check two-coins --claim 'r[2]=0.80' --claim theta_A=0.71")


@click.command("check", epilog=examples(*EXAMPLES))
@click.argument("lesson", shell_complete=complete_lesson)
@click.option("--printed", is_flag=True, help="Mark the numbers that the lesson's source prints.")
@click.option("--claim", "claims", multiple=True, metavar="NAME=VALUE", help="A number of your own; repeat it for more.")
@click.option("--step", default=1, show_default=True, type=click.IntRange(min=1), help="The EM step, counted from the start.")
@json_option
@click.pass_context
def command(ctx: click.Context, lesson: str, printed: bool, claims: tuple[str, ...], step: int, as_json: bool) -> None:
    """Mark numbers worked out by hand for an EM step of LESSON, and name the slip behind a wrong one.

    NAME is a line of the step (r[1], mu[x=0], heads_A, theta_A, log_likelihood ...) and VALUE the number as you wrote it:
    its digits say how exactly it is meant. Exit code 1 if a number is wrong.
    """
    from emkit.teach.check import check_printed, check_work

    if printed and claims:
        raise click.UsageError("--printed marks the source's numbers and --claim your own: give one or the other.")
    if not printed and not claims:
        raise click.UsageError("say what to check: --printed, or --claim NAME=VALUE once or more.")
    example = lesson_called(lesson)
    if printed and not example.printed:
        raise click.UsageError(f"{lesson} has no printed numbers; check your own with --claim NAME=VALUE.")
    marking = check_printed(example, step) if printed else check_work(example, _parsed(claims), step)
    if as_json:
        print_json(marking.to_dict())
    else:
        click.echo(str(marking))
    ctx.exit(0 if marking.ok else 1)


def _parsed(claims: tuple[str, ...]) -> dict[str, str]:
    """The claims as names and texts. The last = divides, since a name may hold one: ``mu[x=0]=0.82``."""
    found: dict[str, str] = {}
    for claim in claims:
        name, _, value = (part.strip() for part in claim.rpartition("="))
        if not name or not value or value.endswith("]"):
            raise click.UsageError(f"--claim {claim!r} is not NAME=VALUE, such as theta_A=0.71.")
        if name in found:
            raise click.UsageError(f"{name} is claimed twice; claim it once.")
        found[name] = value
    return found
