"""Loadings and uniquenesses that are known in part: numbers, letters, and how the factors may turn all the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.spaces.blocks import blocks_of
from emkit.errors import ModelError
from emkit.models.ties import check_apart, letters_of, mean_of, numbers_and_names, places

APART = 10  # the condition of a turn of which less is left of factors than tells them apart
NONE = 1e-9  # of the largest singular value: a direction that the pattern does not admit has more


class FactorPattern:
    """Of d columns and m factors: `numbers` (d, m) and `uniquenesses` (d,), NaN where there are letters.

    `ties` (d, m, k) and `noise_ties` (d, p) say which letter stands where. `correlated`: factors have a covariance that is
    estimated; `unit`: of which the variances are 1. `apart` (m, m): which factors do not correlate, of which `uncorrelated` has
    pairs. `turning` (k,): letters that a turn of the factors brings to any value. The zeros and numbers leave so many turns,
    and these letters are 0 without a loss.
    Errors: ModelError for what is neither number nor name.
    """

    def __init__(self, loadings: Any, uniquenesses: Any, correlated: bool, uncorrelated: Iterable[Sequence[int]] = ()) -> None:
        self.numbers, names = numbers_and_names("loadings", loadings)
        if self.numbers.ndim != 2 or not self.numbers.size:
            raise ModelError(
                f"loadings have shape {self.numbers.shape}; they have a row for each column, an entry for each factor."
            )
        d = len(self.numbers)
        own = [f"u{j:0{len(str(d - 1))}d}" for j in range(d)]
        self.uniquenesses, each = numbers_and_names("uniquenesses", own if uniquenesses is None else uniquenesses)
        if self.uniquenesses.shape != (d,) or (self.uniquenesses <= 0).any():
            raise ModelError(f"uniquenesses are {d} names, or numbers > 0, one for each row of the loadings.")
        has_unit = (np.nan_to_num(self.numbers) != 0).any(axis=0)
        self.correlated, self.unit = correlated, correlated and not has_unit.any()
        if correlated and has_unit.any() and not has_unit.all():
            raise ModelError(
                f"factor {int(np.flatnonzero(~has_unit)[0]) + 1} has no unit, but others have: give one of its loadings as a "
                "number other than 0, such as 1. Without any such numbers, all factors have variance 1."
            )
        self.letters = {"loadings": letters_of(names), "uniquenesses": letters_of(each)}
        check_apart(self.letters)
        self.ties, self.noise_ties = places(names, self.letters["loadings"]), places(each, self.letters["uniquenesses"])
        self.apart = _apart(uncorrelated, self.numbers.shape[1]) if correlated else ~np.eye(self.numbers.shape[1], dtype=bool)
        self.turning = self._turning()

    @cached_property
    def fixed(self) -> Array:
        """The numbers (d, m), 0 where there are letters."""
        return np.nan_to_num(self.numbers)

    def loadings(self, letters: Array) -> Array:
        """All loadings (d, m)."""
        return self.fixed + self.ties @ letters

    def noise(self, letters: Array) -> Array:
        """All uniquenesses (d,)."""
        return np.nan_to_num(self.uniquenesses) + self.noise_ties @ letters

    def turned(self, loadings: Array, factors: Array) -> tuple[Array, Array]:
        """Letters (k,) of `loadings` (d, m), and the covariance of `factors` (m, m), with the letters that are `turning` at 0.

        Factors that may correlate are turned there as far as numbers say, if that does not make them nearly one.
        """
        zero = ~np.isnan(self.numbers) | (self.ties @ self.turning > 0)
        turn = np.eye(len(factors))
        for k in range(len(turn)) if self.turning.any() and not self.apart.any() else ():
            rows = zero[:, k]
            turn[:, k] += np.linalg.lstsq(loadings[rows], self.fixed[rows, k] - loadings[rows, k], rcond=None)[0]
        if np.linalg.cond(turn) > APART:
            turn = np.eye(len(factors))
        back = np.linalg.inv(turn)
        factors = np.where(self.apart, 0.0, back @ factors @ back.T)
        unit = np.sqrt(np.diag(factors)) if self.unit else np.ones(len(factors))
        letters = np.where(self.turning, 0.0, mean_of(self.ties, loadings @ turn * unit))
        return letters, (factors + factors.T) / 2 / np.outer(unit, unit)

    def _turning(self) -> Mask:
        """Letters (k,) that a turn brings to 0, so that none is left: one after the other, those that turns then move most.

        Turns are counted at loadings and correlations that are nothing special, but for these zeros.
        """
        rng, k = np.random.default_rng(0), self.ties.shape[-1]
        some = np.asarray(rng.uniform(0.5, 1.5, k), dtype=np.float64)
        spread = self._some_spread(rng)
        found = np.zeros(k, dtype=bool)
        for chosen in range(1, len(self._turns(some, spread)) + 1):
            reach = np.zeros(k)
            for each in np.flatnonzero(~found):
                zeros = found | (np.arange(k) == each)
                moved = self._turns(np.where(zeros, 0.0, some), spread)[:, zeros]
                reach[each] = np.linalg.svd(moved, compute_uv=False)[chosen - 1] if len(moved) >= chosen else 0.0
            if reach.max(initial=0.0) <= NONE:
                break
            found[reach.argmax()] = True
        return found

    @cached_property
    def untold(self) -> tuple[tuple[str, str], ...]:
        """Fields and letters, or numbers of factors ("1 with 2"), that no covariance tells: others fit as well.

        Told is what moves the covariance by itself, at parameters that are nothing special.
        """
        rng, d = np.random.default_rng(1), len(self.numbers)
        spread = self._some_spread(rng)
        whole = self.loadings(np.where(self.turning, 0.0, rng.uniform(0.5, 1.5, self.ties.shape[-1])))
        named, ways = [], []
        for k in np.flatnonzero(~self.turning):
            half = self.ties[..., k] @ spread @ whole.T
            named.append(("loadings", self.letters["loadings"][k]))
            ways.append(half + half.T)
        for letter, column in zip(self.letters["uniquenesses"], self.noise_ties.T, strict=True):
            named.append(("uniquenesses", letter))
            ways.append(np.diag(column))
        for i, j in np.argwhere(np.tril(~self.apart, -1 if self.unit or not self.correlated else 0)):
            half = np.outer(whole[:, i], whole[:, j])
            named.append(("factors", f"{j + 1} with {i + 1}"))
            ways.append(half + half.T)
        moved = np.array(ways)[:, *np.tril_indices(d)]
        left, values, _ = np.linalg.svd(moved / np.sqrt((moved**2).sum(axis=1, keepdims=True)))
        flat = left[:, np.append(values, np.zeros(len(left) - len(values))) <= NONE * values[0]]
        return tuple(name for name, move in zip(named, flat, strict=True) if np.abs(move).max(initial=0.0) > NONE**0.5)

    def _some_spread(self, rng: np.random.Generator) -> Array:
        """A covariance (m, m) of factors that is nothing special, but for what is known of it."""
        m = self.numbers.shape[1]
        half = rng.standard_normal((m, m + 2))
        spread = half @ half.T
        spread = spread / np.sqrt(np.outer(np.diag(spread), np.diag(spread))) if self.correlated else np.eye(m)
        return np.where(self.apart, 0.0, spread)

    def _turns(self, letters: Array, spread: Array) -> Array:
        """How letters move (q, k) by each X of length 1 that turns loadings L to L + L X and the `spread` of factors with them.

        Such X keep numbers, ties, and variances of 1.
        """
        m, whole = len(spread), self.loadings(letters)
        given = self.apart | np.eye(m, dtype=bool) if self.unit or not self.correlated else self.apart
        rules, moved = [], []
        for turn in np.eye(m * m).reshape(-1, m, m):
            along, across = whole @ turn, turn @ spread
            own = mean_of(self.ties, along)
            rules.append(np.concatenate([(along - self.ties @ own).ravel(), (across + across.T)[given]]))
            moved.append(own)
        left, values, _ = np.linalg.svd(np.array(rules))
        free = np.append(values, np.zeros(len(left) - len(values))) <= NONE * values.max(initial=1.0)
        return np.asarray(left[:, free].T @ np.array(moved))


def _apart(pairs: Iterable[Sequence[int]], m: int) -> Mask:
    """Which of m factors do not correlate (m, m), of `pairs` of their places. Errors: ModelError for pairs that cannot be."""
    found = np.zeros((m, m), dtype=bool)
    for pair in pairs:
        if len(pair) != 2 or len({*pair}) != 2 or not all(0 <= k < m for k in pair):
            raise ModelError(f"uncorrelated has {tuple(pair)!r}; it holds pairs of two of the {m} factors, counted from 0.")
        found[pair[0], pair[1]] = found[pair[1], pair[0]] = True
    if blocks_of(found) is None:
        one, other, third = next(
            (i, j, k) for i, j in np.argwhere(found) for k in range(m) if k not in (i, j) and not (found[i, k] or found[j, k])
        )
        raise ModelError(
            f"factors {one + 1} and {other + 1} do not correlate, but both do with factor {third + 1}. Factors that correlate "
            "must all do so with each other: give the other pairs that do not, too."
        )
    return found
