"""How a report calls things, and what it says where there is nothing to tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from emkit.errors import EmkitError
from emkit.inferred import Inferred
from emkit.models.around import bare
from emkit.models.belonging import Belonging
from emkit.report.labels import Label, Names, labels, names_of

T = TypeVar("T")
AnyInferred = Inferred[Any]
LONGEST = 100  # characters of a name
NOT_HERE = "The data are not stored with the fit, so {} cannot be told: give it the data again, by with_data."


def names_in(result: AnyInferred) -> Names:
    """What the data call columns, levels and components: at more length than on a screen, so that names stay apart."""
    return names_of(result)._replace(longest=LONGEST)


def component(result: AnyInferred, k: int) -> str:
    """A component by its name, or as ``component 1``."""
    name = names_in(result).component(k)
    return name if k < len(result.source.component_names) else f"component {name}"


def words_for(result: AnyInferred) -> dict[str, Label]:
    """A label for every entry of the parameters, by its path."""
    return labels(result.params, names_in(result))


def has_components(result: AnyInferred) -> bool:
    """Whether rows belong to components."""
    return isinstance(bare(result.model), Belonging)


def is_restricted(result: AnyInferred) -> bool:
    """Whether the likelihood is one in which fixed effects are integrated over."""
    return result.effects is not None and result.effects.integrated


def many(number: float, what: str) -> str:
    """``1 row``, ``1,234 rows``."""
    return f"{number:,.10g} {what}{'' if number == 1 else 's'}"


def answer(ask: Callable[[], T]) -> T | str:
    """What is asked for, or the sentence that says why it cannot be had."""
    try:
        return ask()
    except EmkitError as error:
        return str(error)
