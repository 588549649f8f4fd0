"""Parameters in words: ``components.means[1, 0]`` is the mean of eruptions, component 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Leaf, Parameters, get_at, leaves
from emkit.core.spaces import PositiveDefinite
from emkit.models.mixture import MixtureParams
from emkit.models.order import component_leaves

SINGULAR = {
    "proportions": "proportion",
    "means": "mean",
    "variances": "variance",
    "covariances": "covariance",
    "rates": "rate",
    "shapes": "shape",
    "probabilities": "probability",
}
LONGEST = 24  # characters of a column's name in a table


@dataclass(frozen=True)
class Label:
    """`what` a number is (mean), `of` which columns or levels (eruptions), and of which `component`, if of one alone."""

    what: str
    of: str = ""
    component: int | None = None

    def __str__(self) -> str:
        of = f" of {self.of}" if self.of else ""
        return f"{self.what}{of}" if self.component is None else f"{self.what}{of}, component {self.component}"


def labels(params: Parameters, columns: Sequence[str]) -> dict[str, Label]:
    """A label for every entry of `params`, by its name in `Coordinates.entry_names`."""
    entries = [(leaf, index) for leaf in leaves(params) for index in leaf.space.entry_indices(leaf.value.shape)]
    own = {leaf.path for leaf in component_leaves(params)} if isinstance(params, MixtureParams) else set()
    words = []
    for leaf, index in entries:
        if not isinstance(params, MixtureParams):
            words.append(_named(params, leaf, index))
        elif leaf.path in own:
            words.append(replace(entry_label(leaf, index[1:], columns), component=index[0]))
        else:
            words.append(entry_label(leaf, index, columns))
    return dict(zip(Coordinates(params).entry_names(params), words, strict=True))


def entry_label(leaf: Leaf, index: tuple[int, ...], columns: Sequence[str]) -> Label:
    """The label of one entry of a parameter of one component; `index` is that within the component."""
    *outer, name = leaf.path.split(".")
    what = SINGULAR.get(name, name)
    if isinstance(leaf.space, PositiveDefinite):
        i, j = sorted(index)
        one = column_label(columns, i)
        return Label("variance", one) if i == j else Label("covariance", f"{one}, {column_label(columns, j)}")
    if outer and outer[-1].isdigit():  # one set of parameters for each column of data
        return Label(what, " ".join([column_label(columns, int(outer[-1])), "=", *map(str, index)]))
    return Label(what, ", ".join(column_label(columns, j) for j in index))


def column_label(columns: Sequence[str], j: int) -> str:
    """The name of a column as a table shows it: short, and nothing in it that a terminal would obey."""
    name = columns[j] if j < len(columns) else f"column {j}"
    name = name if name.isprintable() else ascii(name)[1:-1]
    return name if len(name) <= LONGEST else name[: LONGEST - 3] + "..."


def _named(params: Parameters, leaf: Leaf, index: tuple[int, ...]) -> Label:
    """The label in a model that is not a mixture: its parameters may carry names of their own."""
    outer = leaf.path.rpartition(".")[0]
    names = getattr(get_at(params, outer) if outer else params, "names", ())
    if len(index) == 1 and index[0] < len(names):
        return Label(str(names[index[0]]))
    place = f"[{', '.join(map(str, index))}]" if index else ""
    return Label(leaf.path + place)
