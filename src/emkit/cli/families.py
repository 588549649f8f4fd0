"""``emkit families``: what a component can look like."""

from __future__ import annotations

import inspect

import click

from emkit.cli.screen import json_option, print_json, show
from emkit.families import FAMILIES, family_named


def described(name: str) -> dict[str, str]:
    """A family in words: its data and parameters, and the log-density from its own docstring."""
    family = family_named(name)
    about = " ".join((inspect.getdoc(type(family)) or "").split("\n\n")[0].split())
    density = about[max(about.find("log p("), 0) :]
    return {"name": name, "data": family.described.data, "parameters": family.described.in_words, "log_density": density}


@click.command("families")
@json_option
def command(as_json: bool) -> None:
    """List the families of components: the data they take, their parameters, and their log-density."""
    found = [described(name) for name in FAMILIES]
    if as_json:
        print_json(found)
        return
    from rich.console import Group, RenderableType
    from rich.padding import Padding
    from rich.text import Text

    from emkit.report.tables import cell, new_grid

    parts: list[RenderableType] = []
    for family in found:
        grid = new_grid()
        grid.add_row(cell("data"), cell(family["data"]))
        grid.add_row(cell("parameters"), cell(family["parameters"]))
        density = Padding(Text(family["log_density"], style="dim"), (0, 0, 1, 2))
        parts += [Text(family["name"], style="bold"), grid, density]
    show(Group(*parts, Text("Fit one of them with: emkit fit FILE --model FAMILY -k K")))
