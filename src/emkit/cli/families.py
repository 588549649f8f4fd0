"""``emkit families``: what a component can look like."""

from __future__ import annotations

import inspect

import click

from emkit.cli.screen import json_option, print_json, show
from emkit.families import FAMILIES

DATA_AND_PARAMETERS = {
    "bernoulli": ("columns of 0 and 1", "a probability for each column"),
    "binomial": ("two columns, successes and trials; or columns of successes and --trials N", "a probability for each column"),
    "poisson": ("columns of counts 0, 1, 2 ...", "a rate for each column"),
    "categorical": ("columns of words or whole numbers (latent classes)", "a probability for each level of each column"),
    "exponential": ("columns of times, numbers >= 0", "a rate for each column"),
    "gamma": ("columns of amounts, numbers > 0", "a shape and a mean for each column"),
    "gaussian": ("columns of numbers", "means, and a covariance matrix for each component"),
    "gaussian-diag": ("columns of numbers, uncorrelated in a component", "a mean and a variance for each column"),
    "gaussian-tied": ("columns of numbers", "means, and one covariance matrix for all components"),
    "gaussian-spherical": ("columns of numbers in one unit", "means, and one variance for each component"),
}


def described(name: str) -> dict[str, str]:
    """A family in words: its data and parameters, and the log-density from its own docstring."""
    data, parameters = DATA_AND_PARAMETERS[name]
    about = " ".join((inspect.getdoc(type(FAMILIES[name]())) or "").split("\n\n")[0].split())
    return {"name": name, "data": data, "parameters": parameters, "log_density": about[max(about.find("log p("), 0) :]}


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
