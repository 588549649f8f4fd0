"""Parameters in words: ``components.means[1, 0]`` is the mean of eruptions, component 2."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from emkit.core.axes import COLUMN, COMPONENT, LEVEL, component_name, singular
from emkit.core.coordinates import Coordinates
from emkit.core.parameters import Leaf, Parameters, declared_subjects, get_at, leaves
from emkit.core.spaces import PositiveDefinite
from emkit.data.profile import Levels
from emkit.models.around import bare

if TYPE_CHECKING:
    from emkit.fitted import AnyFitted

LONGEST = 24  # characters of a column's name in a table


@dataclass(frozen=True)
class Label:
    """`what` a number is (mean), `of` which columns or levels (eruptions), and of which `component`, if of one alone."""

    what: str
    of: str = ""
    component: str | None = None

    def __str__(self) -> str:
        of = f" of {self.of}" if self.of else ""
        return f"{self.what}{of}" if self.component is None else f"{self.what}{of}, component {self.component}"

    @property
    def whose(self) -> str:
        """Of which columns, quoted, and which component it is; what it is where it is of none."""
        of = repr(self.of) if self.of else f"every column (the {self.what})"
        return of if self.component is None else f"{of} in component {self.component}"


NOTHING: Mapping[str, Sequence[str]] = MappingProxyType({})


class Names(NamedTuple):
    """What the data call their `columns`, the `levels` of each (None for a column of numbers), and the first `components`.

    They are shown with no more than so many characters: `longest`. `axes` are the names that a model has for places on other
    axes, by the name of the axis.
    """

    columns: Sequence[str] = ()
    levels: Levels = ()
    components: Sequence[str] = ()
    longest: int = LONGEST
    axes: Mapping[str, Sequence[str]] = NOTHING

    def component(self, k: int) -> str:
        """The name of a component as a table shows it, or its number, counted from 1."""
        return shown(component_name(k, self.components), self.longest)

    def column(self, j: int) -> str:
        """The name of a column as a table shows it."""
        return column_label(self.columns, j, self.longest)

    def level(self, column: int | None, code: int) -> str:
        """The name of a level of a column; its code, if it has no name."""
        known = self.levels[column] if column is not None and column < len(self.levels) else None
        return shown(known[code], self.longest) if known is not None and code < len(known) else str(code)


def names_of(result: AnyFitted) -> Names:
    """The names of the columns, levels and components of the rows of a fit, and of what its model names."""
    source = result.source
    return Names(source.columns, source.levels, source.component_names, axes=bare(result.model).axis_names)


def labels(params: Parameters, names: Names) -> dict[str, Label]:
    """A label for every entry of `params`, by its name in `Coordinates.entry_names`."""
    entries = [(leaf, index) for leaf in leaves(params) for index in leaf.space.entry_indices(leaf.value.shape)]
    words = [own_label(params, leaf, index) or entry_label(leaf, index, _names(params, leaf, names)) for leaf, index in entries]
    return dict(zip(Coordinates(params).entry_names(params), words, strict=True))


def _names(params: Parameters, leaf: Leaf, names: Names) -> Names:
    """The names of what a field is of: of the data, or of what the parameters declare that it is of."""
    cls: Any = type(params)
    subject = declared_subjects(cls).get(leaf.path.partition(".")[0])
    return names if subject is None else Names((subject.words,), (), names.components, names.longest)


def entry_label(leaf: Leaf, index: tuple[int, ...], names: Names) -> Label:
    """The label of one entry of a field, from what its axes are."""
    name = leaf.path.rpartition(".")[2]
    if leaf.axes is None or not (leaf.axes.names or leaf.within or leaf.told):
        return Label(f"{leaf.path}[{', '.join(map(str, index))}]" if index else singular(leaf.path))
    index = in_one_order(leaf, index)
    at = places_of(leaf, index)
    component = names.component(at[COMPONENT][0]) if at[COMPONENT] else None
    columns = [names.column(j) for j in at[COLUMN]]
    others = [shown_with_end(told, names.longest) for told in others_of(leaf, index, at, names.axes)]
    if is_covariance(leaf) and len(columns + others) == 2:
        return Label(spread_of(columns + others), ", ".join(dict.fromkeys(columns + others)), component)
    of = [", ".join(columns)] if columns else []
    if at[LEVEL]:
        column = at[COLUMN][0] if at[COLUMN] else None
        levels = [shown(leaf.levels[i], names.longest) if leaf.levels[i:] else names.level(column, i) for i in at[LEVEL]]
        of = [" = ".join([*of, *levels])]
    of += [f"to component {names.component(k)}" for k in at[COMPONENT][1:]]
    return Label(singular(name), ", ".join([*of, *others]), component)


def others_of(
    leaf: Leaf, index: tuple[int, ...], at: Collection[str], axes: Mapping[str, Sequence[str]] = NOTHING
) -> list[str]:
    """What an entry is of along other axes than those `at` hand, by name, else counted from 1; if there are none, all told.

    `axes` are the names of places on an axis that the field itself does not tell.
    """
    if leaf.axes is not None and not leaf.axes.names:
        return list(leaf.told)
    places = [(axis, i, leaf.told or axes.get(axis, ())) for axis, i in leaf.places(index) if axis not in at]
    return [known[i] if known[i:] else f"{axis} {i + 1}" for axis, i, known in places]


def in_one_order(leaf: Leaf, index: tuple[int, ...]) -> tuple[int, ...]:
    """The index of an entry; of a covariance, whose two places can be exchanged, the first of them first."""
    return (*index[:-2], *sorted(index[-2:])) if is_covariance(leaf) else index


def spread_of(pair: Sequence[str]) -> str:
    """What an entry of a covariance is, given the two that it is of."""
    return "variance" if pair[0] == pair[1] else "covariance"


def places_of(leaf: Leaf, index: tuple[int, ...]) -> dict[str, list[int]]:
    """The components, columns and levels that an entry of a field is of, by the name of the axis."""
    at = {kind: [i for axis, i in leaf.places(index) if axis == kind] for kind in (COMPONENT, COLUMN, LEVEL)}
    scope = leaf.scope(COLUMN)
    if scope is not None and not at[COLUMN]:  # one number for all columns of a part
        at[COLUMN] = list(scope.places)
    return at


def is_covariance(leaf: Leaf) -> bool:
    """Whether a field of matrices is one of covariances, and not of scales of another kind."""
    return isinstance(leaf.space, PositiveDefinite) and singular(leaf.path.rpartition(".")[2]).endswith("covariance")


def column_label(columns: Sequence[str], j: int, longest: int = LONGEST) -> str:
    """The name of a column as a table shows it."""
    return shown(columns[j] if j < len(columns) else f"column {j}", longest)


def shown(name: str, longest: int = LONGEST) -> str:
    """A name as a table shows it: short, and nothing in it that a terminal would obey."""
    name = name if name.isprintable() else ascii(name)[1:-1]
    return name if len(name) <= longest else name[: longest - 3] + "..."


def shown_with_end(name: str, longest: int = LONGEST) -> str:
    """The same for names that are told apart by their ends, as those of a factor's columns are."""
    end = longest // 2 - 2
    return shown(name, len(name)) if len(name) <= longest else f"{shown(name, longest - end)}{shown(name[-end:], longest)}"


def own_label(params: Parameters, leaf: Leaf, index: tuple[int, ...]) -> Label | None:
    """The label that parameters carry themselves, as `names` beside the field; None if they do not."""
    outer = leaf.path.rpartition(".")[0]
    names = getattr(get_at(params, outer) if outer else params, "names", ())
    return Label(str(names[index[0]])) if len(index) == 1 and index[0] < len(names) else None
