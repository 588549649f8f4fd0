"""What the page's own EM needs so that a reader can ask "what if": coins, and normal components in one or two columns."""

from __future__ import annotations

from dataclasses import replace
from string import ascii_letters

import numpy as np

from emkit.core.coordinates import Coordinates
from emkit.core.json_types import Json
from emkit.core.parameters import Parameters
from emkit.data.source import ArraySource
from emkit.explain.subject import Subject
from emkit.explain.symbols import Symbols
from emkit.families.bernoulli import Bernoulli
from emkit.families.binomial import Binomial
from emkit.families.gaussian import FullGaussian
from emkit.families.gaussian.full import FullGaussianParams
from emkit.families.successes import SuccessFamily, SuccessParams
from emkit.models.assignment import Hard, Soft
from emkit.models.frozen import Frozen, bare
from emkit.models.mixture import Mixture, MixtureParams
from emkit.page.walk import Walk

MOST_ROWS = 500
MOST_COMPONENTS = 4


def browser_em(walk: Walk) -> Json | None:
    """Data and model as plain values, with names for other numbers of components; None where the page cannot compute.

    `x` (n, 2) are heads and tails of the rows of the table, or (n, d) the data. The page's EM is tested against this library.
    """
    subject, model = walk.subject, bare(walk.subject.model)
    source = subject.source
    if not isinstance(model, Mixture) or not isinstance(source, ArraySource) or source.rows > MOST_ROWS:
        return None
    if not isinstance(model.assignment, Soft | Hard):
        return None
    family, x = model.family, source.x
    if isinstance(family, Bernoulli | Binomial):
        return _coins(walk, family)
    if isinstance(family, FullGaussian) and len(source.columns) <= 2:
        weights = source.weights.tolist()
        return {**_common(walk), "family": "normal", "x": x.tolist(), "weights": weights, "floor": family.floor}
    return None


def _coins(walk: Walk, family: SuccessFamily) -> Json | None:
    rows = walk.steps[0].rows
    if walk.steps[0].distinct > len(rows) or walk.subject.start.components.probabilities.shape[1] != 1:
        return None
    x = np.array([list(row.values.values()) for row in rows])
    heads, tails = family.successes_and_failures(x)
    return {
        **_common(walk),
        "family": "coins",
        "x": np.concatenate([heads, tails], axis=1).tolist(),
        "weights": [row.weight for row in rows],
        "log_base": family.log_base(x).tolist(),
        "choose": isinstance(family, Binomial) and not family.ordered,
    }


def _common(walk: Walk) -> Json:
    subject = walk.subject
    return {
        "columns": list(subject.source.columns),
        "held": holds_proportions(subject.model),
        "hard": isinstance(bare(subject.model).assignment, Hard),
        "names": {str(k): _names(subject, k) for k in range(1, MOST_COMPONENTS + 1)},
    }


def holds_proportions(model: object) -> bool:
    """Whether the proportions keep the values that they start with."""
    return isinstance(model, Frozen) and "proportions" in model.paths


def _names(subject: Subject, k: int) -> dict[str, list[str]]:
    """The names of `k` components and of the parameters that go with them, in the order of `Coordinates.entries`."""
    components = list(subject.components)[:k]
    unused = (letter for letter in ascii_letters if letter.lower() not in {name.lower() for name in components})
    while len(components) < k:
        components.append(_next_name(components) or next(unused))
    given = _extended(subject.symbols, subject.components, components)
    symbols = replace(Symbols.of(subject), components=tuple(components), given=given)
    return {"components": components, "symbols": list(symbols.entries(_like(subject.start, k)).values())}


def _next_name(names: list[str]) -> str | None:
    """The letter or number after the last name, if names are in order."""
    last = names[-1] if names else ""
    if last.isdigit():
        return str(int(last) + 1)
    return chr(ord(last) + 1) if len(last) == 1 and last in ascii_letters and last.lower() != "z" else None


def _extended(given: dict[str, str], names: tuple[str, ...], components: list[str]) -> dict[str, str]:
    """Symbols of an author such as ``theta_A``, carried on to ``theta_C``."""
    found = {symbol: entry for symbol, entry in given.items() if _component(entry) < len(components)}
    for symbol, entry in given.items():
        base, _, mark = symbol.rpartition("_")
        if names and mark == names[0] and _component(entry) == 0:
            for k in range(len(names), len(components)):
                found[f"{base}_{components[k]}"] = entry.replace("[0", f"[{k}", 1)
    return found


def _component(entry: str) -> int:
    return int(entry.partition("[")[2].rstrip("]").split(",")[0] or 0)


def _like(start: MixtureParams[SuccessParams] | MixtureParams[FullGaussianParams], k: int) -> Parameters:
    """Some parameters with `k` components of the kind of `start`."""
    even, components = np.full(k, 1 / k), start.components
    if isinstance(components, SuccessParams):
        return MixtureParams(even, SuccessParams(np.full((k, 1), 0.5)))
    d = components.means.shape[1]
    return MixtureParams(even, FullGaussianParams(np.zeros((k, d)), np.tile(np.eye(d), (k, 1, 1))))


def entries(params: Parameters) -> list[float]:
    """Every distinct number of the parameters, in the order of the names."""
    return Coordinates(params).entries(params).tolist()
