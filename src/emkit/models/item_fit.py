"""Do the items of a test fit? Of right and wrong answers: item by item by the scores, and the whole by pairs of items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from emkit.core.arrays import Array, Mask
from emkit.errors import DataError, ModelError
from emkit.families.family import LOG_OF_ZERO
from emkit.models.ability import AbilityModel

Ability = AbilityModel[Any, Any]
LEAST_EXPECTED = 1.0  # right, and wrong, answers in a class of scores: classes of fewer are joined
STEP = 1e-5  # of differences along free coordinates


@dataclass(frozen=True)
class ItemFit:
    """S-X2 of one item: `statistic` is chi-squared with `df` degrees of freedom if the item fits; NaN `p_value` if df < 1."""

    item: str
    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True)
class PairFit:
    """M2: `statistic` is chi-squared with `df` degrees of freedom if the model fits; `rmsea`: how badly it fits, per degree."""

    statistic: float
    df: int
    p_value: float
    rmsea: float


def item_fits(model: Ability, params: Any, passes: Any, columns: Sequence[str]) -> tuple[ItemFit, ...]:
    """S-X2 of each item: right answers among people of the same number of right answers, seen and expected. Of complete rows.

    Errors: ModelError for items that are not of right and wrong answers of one group; DataError if no row is complete.
    Source: Orlando & Thissen (2000), Applied Psychological Measurement 24, 50-64; the expected distribution of scores, Lord &
    Wingersky (1984), same journal 8, 453-461.
    """
    logs, mass = _right_chances(model, params)
    right = np.exp(logs)
    x, weights, whole = _answers(passes)
    if not whole.any():
        raise DataError("items are compared among people with the same score, and no row is complete.")
    x, weights = x[whole], weights[whole]
    scores = x.sum(axis=1).astype(np.int64)
    items, sizes = len(right), np.bincount(scores, weights, minlength=len(right) + 1)[1:-1]
    if not sizes.any():
        raise DataError(
            "items are compared among people with the same score, and each complete row has all items right, or none: such "
            "scores cannot tell how items fit."
        )
    every = score_chances(right)[1:-1] @ mass
    found = []
    for j in range(items):
        others = score_chances(np.delete(right, j, axis=0))[: items - 1]
        expected = sizes * _over((others * right[j]) @ mass, every)
        seen = np.bincount(scores, weights * x[:, j], minlength=items + 1)[1:-1]
        classes = list(_joined(expected, sizes - expected))
        e, o, n = (np.array([values[part].sum() for part in classes]) for values in (expected, seen, sizes))
        statistic = float(_over((o - e) ** 2 * n, e * (n - e)).sum())
        df = len(classes) - model.free_of_item(params, j)
        told = float(scipy.stats.chi2.sf(statistic, df)) if df > 0 else np.nan
        found.append(ItemFit(columns[j], statistic, df, told))
    return tuple(found)


def _over(above: Array, below: Array) -> Array:
    """Quotients; 0 of nothing by nothing, and infinite of something: what was seen, and never is by the model."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(above > 0, above / below, 0.0)


def score_chances(right: Array) -> Array:
    """The probabilities (J + 1, Q) of 0 ... J right answers at each place, of items that are `right` so often (J, Q)."""
    found: Array = np.ones((1, right.shape[1]))
    for chance in right:
        none = np.zeros((1, right.shape[1]))
        found = np.concatenate([found * (1 - chance), none]) + np.concatenate([none, found * chance])
    return found


def _joined(right: Array, wrong: Array) -> Iterator[slice]:
    """Neighbouring scores as classes in which enough of both answers are expected."""
    ends, begin = [], 0
    for k in range(len(right)):
        if min(right[begin : k + 1].sum(), wrong[begin : k + 1].sum()) >= LEAST_EXPECTED:
            ends.append(k + 1)
            begin = k + 1
    ends = [*ends[:-1], len(right)]  # what is left over joins the last
    return (slice(first, end) for first, end in zip([0, *ends[:-1]], ends, strict=True))


def pair_fit(model: Ability, params: Any, passes: Any) -> PairFit:
    """M2: how many have each item right, and each two, seen and expected. Asks nothing of patterns that are rarer.

    Errors: ModelError for items that are not of right and wrong answers of one group, or too few to leave degrees of freedom;
    DataError if cells are missing.
    Source: Maydeu-Olivares & Joe (2006), Psychometrika 71, 713-732; RMSEA2, Maydeu-Olivares & Joe (2014), Multivariate
    Behavioral Research 49, 305-328.
    """
    logs, mass = _right_chances(model, params)
    right = np.exp(logs)
    x, weights, whole = _answers(passes)
    if not whole.all():
        raise DataError("M2 compares shares of pairs among all rows, and cells are missing: leave those rows out, and fit.")
    n, members = weights.sum(), _margins(len(right))
    seen = np.concatenate([weights @ x, ((x.T * weights) @ x)[np.triu_indices(len(right), 1)]]) / n
    expected, spread = _moments(right, mass), _spread(logs, mass, members)
    away = _beside(_slopes(model, params, len(seen)))
    df = away.shape[1]
    if not df:
        raise ModelError(f"{len(seen)} shares of items and pairs leave nothing to test with as many parameters.")
    off = away.T @ (seen - expected)
    statistic = float(n * off @ np.linalg.solve(away.T @ spread @ away, off))
    p_value = float(scipy.stats.chi2.sf(statistic, df))
    return PairFit(statistic, df, p_value, float(np.sqrt(max(statistic - df, 0.0) / (n * df))))


def _moments(right: Array, mass: Array) -> Array:
    """The probabilities (s,) that each item is right, and each two are."""
    both = (right * mass) @ right.T
    return np.concatenate([right @ mass, both[np.triu_indices(len(right), 1)]])


def _margins(items: int) -> Array:
    """Which items (s, J) each margin is of."""
    one = np.eye(items)
    first, second = np.triu_indices(items, 1)
    return np.concatenate([one, one[first] + one[second]])


def _spread(logs: Array, mass: Array, members: Array) -> Array:
    """The covariance (s, s) of whether all items of a margin are right, for one person, by logarithms (J, Q) of chances."""
    found = np.zeros((len(members),) * 2)
    for chance, share in zip(np.maximum(logs, LOG_OF_ZERO / len(logs) / 4).T, mass, strict=True):
        alone = members @ chance
        shared = (members * chance) @ members.T  # of items that both have, which count once
        found += share * np.exp(alone[:, None] + alone - shared)
    means = _moments(np.exp(logs), mass)
    return np.asarray(found - np.outer(means, means))


def _slopes(model: Ability, params: Any, number: int) -> Array:
    """The derivatives (s, p) of the probabilities of margins along the free coordinates."""
    coordinates = model.coordinates(params)
    here = coordinates.pack(params)
    found = np.empty((number, len(here)))
    for i, move in enumerate(STEP * np.eye(len(here))):
        ends = (_moments(*_right(model, coordinates.unpack(here + sign * move, params))) for sign in (1, -1))
        found[:, i] = (next(ends) - next(ends)) / (2 * STEP)
    return found


def _beside(slopes: Array) -> Array:
    """Directions (s, s - rank) along which no parameter moves the margins."""
    turned, triangle, _ = scipy.linalg.qr(slopes, pivoting=True)
    bends = np.abs(np.diag(triangle))
    return np.asarray(turned[:, int((bends > 1e-8 * bends.max(initial=0.0)).sum()) :])


def _right_chances(model: Ability, params: Any) -> tuple[Array, Array]:
    """The logarithm of how often each item is right at each place (J, Q), and the mass of places (Q,).

    Errors: ModelError if answers are not right and wrong ones, or of several groups.
    """
    if {*model.answer_levels(params)} != {2}:
        raise ModelError("these tests of fit are of right and wrong answers; this model has items with more levels.")
    places = model.places_of(params)
    if len(places) > 1:
        raise ModelError(f"abilities of {len(places)} groups differ: ask it of a fit of one of them.")
    return model.log_chances(params, places[0])[1::2], np.exp(model.log_mass)


def _right(model: Ability, params: Any) -> tuple[Array, Array]:
    logs, mass = _right_chances(model, params)
    return np.exp(logs), mass


def _answers(passes: Any) -> tuple[Array, Array, Mask]:
    """Patterns of answers (m, J), how often each occurs (m,), and whether it has no gap."""
    chunks = list(passes.chunks())
    x = np.concatenate([chunk.x for chunk in chunks])
    return x, np.concatenate([chunk.weights for chunk in chunks]), ~np.isnan(x).any(axis=1)
