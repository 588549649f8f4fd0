"""``emkit families``: what a component can look like."""

from __future__ import annotations

import inspect

import click

from emkit.cli.screen import examples, json_option, print_json, show
from emkit.families import FAMILIES, family_named
from emkit.families.named import COUNTED, PREFIXES, pattern_of


def described(name: str) -> dict[str, object]:
    """What a family declares: its data and parameters, whether cells may be missing, and the log-density of its docstring."""
    family = family_named(name)
    about = " ".join((inspect.getdoc(type(family)) or "").split("\n\n")[0].split())
    return {
        "name": name,
        "data": family.described.data,
        "parameters": family.described.in_words,
        "admits_gaps": family.among_gaps is not None,
        "log_density": about[max(about.find("log p("), 0) :],
    }


EXAMPLES = ("emkit families", "emkit families --json")


@click.command("families", epilog=examples(*EXAMPLES))
@json_option
def command(as_json: bool) -> None:
    """List the families of components: the data they take, their parameters, and whether cells may be missing.

    With --json their log-densities, too.
    """
    found = [described(name) for name in FAMILIES]
    if as_json:
        print_json(found)
        return
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=True)
    for head in ("family", "data", "parameters", "gaps"):
        table.add_column(head, header_style="bold")
    for family in found:
        words = family["name"], family["data"], family["parameters"], "yes" if family["admits_gaps"] else "no"
        table.add_row(*(Text(str(word)) for word in words))
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=True)
    for head in ("made by name", "what it is"):
        made.add_column(head, header_style="bold")
    for word, prefix in PREFIXES.items():
        made.add_row(Text(pattern_of(word)), Text(prefix.says))
    for word in COUNTED:
        made.add_row(Text(f"{word}-N"), Text(f"as {word}-1, with any number N"))
    closing = "Fit one of them with: emkit fit FILE --model FAMILY -k K, such as --model zero-inflated:poisson"
    show(Group(table, Text(), made, Text(), Text(closing)))
