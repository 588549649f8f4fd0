"""Columns that are described given others, as the response of a regression is: what each row is expected to have there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.families.support import Support
from emkit.models.components import AnyComponents, Components
from emkit.models.frozen import bare

MOST_SUMMED = 20_000_000  # probabilities of counts, of all rows and components
DRAWS, FEWEST_DRAWS = 1_000, 100  # of each row, that stand for the distribution of a column in one component


def laws_given(model: Any, columns: int) -> Mapping[int, Support] | None:
    """The places of the columns that a model describes given others, and what each holds; None if it describes whole rows."""
    inner = bare(model)
    given = inner.family.conditional if isinstance(inner, Components) else None
    return None if given is None else given.laws(columns)


def places_given(family: Any, components: Any, x: Array, shares: Array) -> tuple[Array, Array]:
    """The probability of smaller values than those of each row x (n, d), and of those up to them, (n, r) each.

    Of the r described columns, given the others of the row and the `shares` (n, K) of the components. By a formula where there
    is one; counts are summed; of others, and of several columns, it is that among responses drawn for the same row.
    """
    laws = family.conditional.laws(x.shape[1])
    if len(laws) == 1:
        ((j, law),) = laws.items()
        exact = _by_formula(family, components, x, law) or _summed(family, components, x, j, law)
        if exact is not None:
            below, up_to = ((shares * each).sum(axis=1, keepdims=True) for each in exact)
            return below, np.minimum(up_to, 1.0)
    return _among_drawn(family, components, x, shares, np.array(sorted(laws)))


def densities(model: Any, params: Any, source: Any) -> Array:
    """The density (n,) of what the model describes of each row, given its other columns, and the rows before in a sequence."""
    inner: Any = bare(model)
    found = [np.exp(inner.log_density(params, chunk)) * inner.outlook(params, chunk) for chunk in source.chunks()]
    return np.asarray(np.concatenate(found).sum(axis=1))


def expected_counts(model: AnyComponents, params: Any, chunks: Any, j: int, values: Array) -> Array:
    """How many rows are expected to have each of the `values` (m,) in column j, given the other columns of each row."""
    found = np.zeros(len(values))
    for chunk in chunks:
        weighted = chunk.weights[:, None] * model.outlook(params, chunk)
        each = _probabilities(model.family, params.components, np.asarray(chunk.x, np.float64), j, values)
        found += [float((weighted * own).sum()) for own in each]
    return found


def _by_formula(family: Any, components: Any, x: Array, law: Support) -> tuple[Array, Array] | None:
    """(n, K) each."""
    found = None if law.whole else family.conditional.up_to(components, x)
    return None if found is None else (found, found)


def _summed(family: Any, components: Any, x: Array, j: int, law: Support) -> tuple[Array, Array] | None:
    """Of counts, by the probabilities of all that are no larger; None where there are too many, or gaps."""
    y = x[:, j]
    if np.isnan(y).any() or not law.whole or not np.isfinite(law.least):
        return None
    highest = y.max(initial=law.least)
    if len(x) * (highest - law.least) > MOST_SUMMED:
        return None
    below = up_to = np.zeros(1)
    values = np.arange(law.least, highest + 1)
    for value, own in zip(values, _probabilities(family, components, x, j, values), strict=True):
        below = below + own * (value < y)[:, None]
        up_to = up_to + own * (value <= y)[:, None]
    return below, up_to


def _probabilities(family: Any, components: Any, x: Array, j: int, values: Array) -> Iterator[Array]:
    """The probability (n, K) of each of the values in column j."""
    rows = np.array(x)
    for value in values:
        rows[:, j] = value
        yield np.exp(family.log_density(components, rows))


def _among_drawn(family: Any, components: Any, x: Array, shares: Array, described: Integers) -> tuple[Array, Array]:
    """Among as many rows drawn with the same covariates, one of which is taken for the row itself."""
    rng, own = np.random.default_rng(0), x[:, described]
    number = int(np.clip(MOST_SUMMED // max(x.size, 1), FEWEST_DRAWS, DRAWS))
    below, up_to = np.zeros(own.shape), np.zeros(own.shape)
    for k, share in enumerate(shares.T):
        for _ in range(number):
            drawn = family.conditional.drawn(components, rng, np.full(len(x), k), x)[:, described]
            below += share[:, None] * (drawn < own)
            up_to += share[:, None] * (drawn <= own)
    gaps = np.where(np.isnan(own), np.nan, 0.0)
    return below / (number + 1) + gaps, (up_to + 1) / (number + 1) + gaps
