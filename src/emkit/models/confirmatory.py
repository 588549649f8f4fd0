"""Confirmatory factor analysis: which columns a factor has is known beforehand, and factors may correlate."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.coordinates import Scale
from emkit.data.profile import AnyProfile
from emkit.errors import EmkitWarning, ParameterError, some_of
from emkit.families.gaussian.best_factors import LEAST_SHARED, LEAST_UNIQUE, MOST_UNIQUE
from emkit.families.gaussian.factor_counts import warn_of_unknowns
from emkit.models.confirmatory_params import ConfirmatoryFactorParams, Standardised, UnitFactorParams
from emkit.models.confirmatory_steps import ConfirmatorySteps
from emkit.models.factor_data import correlations, refuse
from emkit.models.factor_pattern import FactorPattern
from emkit.models.ties import mean_of, plain


class ConfirmatoryFactorModel(ConfirmatorySteps):
    """x = means + loadings f + e: f ~ N(0, factors), e ~ N(0, diag(uniquenesses)), with loadings that are known in part.

    `loadings` (d, m) and `uniquenesses` (d,), by default one for each column: each entry a number, or a name as text where it
    is estimated; entries of one name are one parameter. `letters` has the names, in the order of the parameters. `correlated`:
    the covariance of factors is estimated. Either each factor has a loading that is a number, usually 1, which gives it a unit,
    or none has, and all have variance 1. With correlated=False factors are independent with variance 1;
    `uncorrelated` has pairs of factors, by their places, that do not correlate, where others do: those that do are groups.
    Cells may be missing. The zeros say how factors are turned; where they leave a turn, some letters are 0 (`held`), so that
    free parameters are those that the covariance tells. A uniqueness of 0 (a Heywood case) is an estimate on the edge, and so
    is a factor that is a sum of others: where two are one, they correlate -1 or 1.
    Errors: ModelError for what is neither number nor name, and for a factor without a unit where others have one.
    Source: Joreskog (1969), Psychometrika 34, 183-202; for EM, Rubin & Thayer (1982), Psychometrika 47, 69-76.

    Two factors with two tests each, of which only the covariance is known:

    >>> import emkit as ek
    >>> tests = ek.rows_of_covariance(
    ...     [[1.0, 0.56, 0.24, 0.2], [0.56, 1.0, 0.21, 0.175], [0.24, 0.21, 1.0, 0.3], [0.2, 0.175, 0.3, 1.0]], 200
    ... )
    >>> model = ek.ConfirmatoryFactorModel([[1, 0], ["a", 0], [0, 1], [0, "b"]])
    >>> found = ek.fit(model, tests, model.start(tests.profile), solver="anderson")
    >>> shown = model.standardised(found.params)
    >>> shown.loadings.round(2).tolist(), round(float(shown.correlations[0, 1]), 2), found.free_parameters
    ([[0.8, 0.0], [0.7, 0.0], [0.0, 0.6], [0.0, 0.5]], 0.5, 13)
    """

    def __init__(
        self, loadings: Any, uniquenesses: Any = None, *, correlated: bool = True, uncorrelated: Iterable[Sequence[int]] = ()
    ) -> None:
        self.loadings, self.uniquenesses, self.correlated = plain(loadings), plain(uniquenesses), correlated
        self.uncorrelated = tuple(tuple(int(k) for k in pair) for pair in uncorrelated)
        self.pattern = FactorPattern(self.loadings, self.uniquenesses, correlated, self.uncorrelated)
        self.n_factors, self.letters = self.pattern.numbers.shape[1], self.pattern.letters

    def params(
        self, means: ArrayLike, loadings: ArrayLike, uniquenesses: ArrayLike, factors: ArrayLike
    ) -> ConfirmatoryFactorParams:
        """Parameters of these values."""
        made = UnitFactorParams if self.pattern.unit else ConfirmatoryFactorParams
        first, second, third, fourth = (np.array(each, dtype=np.float64) for each in (means, loadings, uniquenesses, factors))
        return made(first, second, third, fourth)

    @property
    def climbs(self) -> bool:
        return True

    @property
    def axis_names(self) -> Mapping[str, Sequence[str]]:
        return {f"letter of {name}": letters for name, letters in self.letters.items()}

    def covariance(self, params: ConfirmatoryFactorParams) -> Array:
        """Of the columns, (d, d)."""
        loadings, noise = self.whole(params)
        return np.asarray(loadings @ params.factors @ loadings.T + np.diag(noise))

    def standardised(self, params: ConfirmatoryFactorParams) -> Standardised:
        """The same where columns and factors have variance 1."""
        (loadings, noise), unit = self.whole(params), params.unit
        own = np.sqrt(np.diag(self.covariance(params)))
        return Standardised(loadings * unit / own[:, None], noise / own**2, params.factors / np.outer(unit, unit))

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of more free parameters than there are variances and covariances, and of those that these do not tell."""
        m, turning = self.n_factors, int(self.pattern.turning.sum())
        pairs = int(np.tril(~self.pattern.apart, -1).sum())
        spreads = pairs + (0 if self.pattern.unit or not self.correlated else m)
        free = sum(map(len, self.letters.values())) - turning + spreads
        who = f"{m} factor{'s' * (m != 1)} with these loadings"
        few = warn_of_unknowns(who, free, len(profile.columns), "Fix more of them.")
        if self.pattern.untold and not few:
            fields = dict.fromkeys(field for field, _ in self.pattern.untold)
            named = {field: some_of([name for where, name in self.pattern.untold if where == field]) for field in fields}
            said = " and ".join(map(" ".join, named.items()))
            warnings.warn(
                f"the covariance of the columns does not tell {said}: other values fit as well. Fix some of them, or "
                "give factors more columns.",
                EmkitWarning,
                stacklevel=3,
            )
        return self

    def held(self, params: ConfirmatoryFactorParams) -> tuple[str, ...]:
        """Letters that say how factors are turned, where zeros do not; and covariances of factors that do not correlate."""
        turning = tuple(f"loadings[{k}]" for k in np.flatnonzero(self.pattern.turning))
        return (*turning, *self.apart) if self.correlated else (*turning, "factors")

    def scales(self, params: ConfirmatoryFactorParams) -> Mapping[str, Scale]:
        unit = np.sqrt(np.diag(self.covariance(params)))
        each = unit[:, None] / params.unit
        return {
            "means": Scale(params.means, unit),
            "loadings": Scale(np.zeros(len(params.loadings)), mean_of(self.pattern.ties, each)),
        }

    def start(self, profile: AnyProfile) -> ConfirmatoryFactorParams:
        """Each factor the principal component of what those before leave of its columns; names have the mean of their places.

        Errors: DataError if the data cannot carry the factors.
        """
        return self._started(profile, np.ones_like(self.pattern.numbers))

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[ConfirmatoryFactorParams]:
        """The same with each loading shortened at random, for each seed."""
        shape = self.pattern.numbers.shape
        return [self._started(profile, np.random.default_rng(seed).uniform(0.1, 1.0, shape)) for seed in seeds]

    def _started(self, profile: AnyProfile, shares: Array) -> ConfirmatoryFactorParams:
        refuse(profile, self.n_factors, False)
        self._refuse_other_columns(len(profile.columns), "data")
        pattern = self.pattern
        means, variances, left = correlations(profile)
        found, spread = np.zeros_like(pattern.numbers), np.ones(self.n_factors)
        for k, column in enumerate(pattern.numbers.T):
            own = np.flatnonzero(column != 0)
            if not len(own):
                continue
            values, vectors = np.linalg.eigh(left[np.ix_(own, own)])
            main = vectors[:, -1] * np.sqrt(max(values[-1], LEAST_SHARED))
            left[np.ix_(own, own)] -= np.outer(main, main)
            marked = np.flatnonzero(np.nan_to_num(column[own]) != 0)
            best = main * np.sqrt(variances[own]) * shares[own, k]
            given = float(best[marked[0]] / column[own][marked[0]]) if len(marked) and self.correlated else 0.0
            size = given if abs(given) > 0 else np.copysign(1.0, best.sum())
            found[own, k] = best / size
            spread[k] = size**2
        letters, factors = pattern.turned(found, np.diag(spread))
        known = pattern.loadings(letters)
        rest = variances - np.einsum("jk,kl,jl->j", known, factors, known)
        noise = np.clip(rest, LEAST_UNIQUE * variances, MOST_UNIQUE * variances)
        return self.params(means, letters, mean_of(pattern.noise_ties, noise), factors)

    def check(self, params: ConfirmatoryFactorParams, profile: AnyProfile) -> None:
        self._refuse_other_columns(len(profile.columns), "data")
        self._refuse_other_columns(len(params.means), "parameters")
        refuse(profile, self.n_factors, False)
        m = self.n_factors
        wanted = {"loadings": (len(self.letters["loadings"]),), "uniquenesses": (len(self.letters["uniquenesses"]),)}
        for name, shape in {**wanted, "factors": (m, m)}.items():
            if getattr(params, name).shape != shape:
                raise ParameterError(f"{name} have shape {getattr(params, name).shape}; of these letters and factors, {shape}.")
        if not self.correlated and (params.factors != np.eye(m)).any():
            raise ParameterError("factors are independent with variance 1 (correlated=False), so their covariance is 1.")
        wrong = np.argwhere(self.pattern.apart & (params.factors != 0))
        if len(wrong):
            i, j = wrong[0]
            raise ParameterError(f"factors[{i}, {j}] is {params.factors[i, j]:g}, but these factors do not correlate: it is 0.")

    def _refuse_other_columns(self, given: int, what: str) -> None:
        if given != len(self.pattern.numbers):
            raise ParameterError(f"the loadings are of {len(self.pattern.numbers)} columns, but the {what} have {given}.")
