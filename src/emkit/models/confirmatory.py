"""Confirmatory factor analysis: which columns a factor has is known beforehand, and factors may correlate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self

import numpy as np

from emkit.core.arrays import Array, ArrayLike, Integers
from emkit.core.axes import Axes
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import Expectation, LatentModel, Update
from emkit.core.spaces import Positive, PositiveDefinite, Real
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.data.stand_ins import standing_in
from emkit.errors import ModelError, ParameterError
from emkit.families.gaussian.best_factors import LEAST_UNIQUE, MOST_UNIQUE, warn_of_unknowns
from emkit.models.factor_data import correlations, refuse
from emkit.models.factor_sums import FactorSums, Told, left_about, sums_of, told
from emkit.models.ties import check_apart, letters_of, mean_of, numbers_and_names, places, plain, shared


@dataclass(frozen=True, eq=False)
class ConfirmatoryFactorParams(Parameters):
    """Parameters of `ConfirmatoryFactorModel`, of d columns and m factors.

    `means` (d,); `loadings` (k,) and `uniquenesses` (p,) > 0, the numbers that their letters stand for, in alphabetical order;
    `factors` (m, m), the covariance of the factors.

    >>> import emkit as ek
    >>> params = ek.ConfirmatoryFactorParams([0.0, 0.0], loadings=[0.7], uniquenesses=[0.5], factors=[[1.0]])
    >>> params.loadings.tolist()
    [0.7]
    """

    means: Annotated[Array, Real(), Axes("column")]
    loadings: Annotated[Array, Real(), Axes("letter of loadings")]
    uniquenesses: Annotated[Array, Positive(), Axes("letter of uniquenesses")]
    factors: Annotated[Array, PositiveDefinite(), Axes("factor", "factor")]

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(
            self, means: ArrayLike, loadings: ArrayLike, uniquenesses: ArrayLike, factors: ArrayLike
        ) -> None: ...  # fmt: skip


class Standardised(NamedTuple):
    """Loadings (d, m) where columns and factors have variance 1, uniquenesses (d,), and correlations (m, m) of factors."""

    loadings: Array
    uniquenesses: Array
    correlations: Array


class ConfirmatoryFactorModel(LatentModel[ConfirmatoryFactorParams, FactorSums]):
    """x = means + loadings f + e: f ~ N(0, factors), e ~ N(0, diag(uniquenesses)), with loadings that are known in part.

    `loadings` (d, m) and `uniquenesses` (d,), by default one for each column: each entry a number, or a name as text where it
    is estimated; entries of one name are one parameter. `letters` has the names, in the order of the parameters. `correlated`:
    the covariance of factors is estimated; each then needs a loading that is a number, usually 1, which gives it a unit.
    Otherwise factors are independent with variance 1. Cells may be missing. Factors are not turned: the zeros say how they are.
    Errors: ModelError for what is neither number nor name, and for a factor without a unit.
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

    def __init__(self, loadings: Any, uniquenesses: Any = None, *, correlated: bool = True) -> None:
        self.loadings, self.uniquenesses, self.correlated = plain(loadings), plain(uniquenesses), correlated
        self._loadings, names = numbers_and_names("loadings", self.loadings)
        if self._loadings.ndim != 2 or not self._loadings.size:
            raise ModelError(
                f"loadings have shape {self._loadings.shape}; they have a row for each column, an entry for each factor."
            )
        d, self.n_factors = self._loadings.shape
        own = [f"u{j:0{len(str(d - 1))}d}" for j in range(d)]
        self._uniquenesses, each = numbers_and_names("uniquenesses", own if uniquenesses is None else self.uniquenesses)
        if self._uniquenesses.shape != (d,) or (self._uniquenesses <= 0).any():
            raise ModelError(f"uniquenesses are {d} names, or numbers > 0, one for each row of the loadings.")
        for k in range(self.n_factors) if correlated else ():
            if not (np.nan_to_num(self._loadings[:, k]) != 0).any():
                raise ModelError(
                    f"factor {k + 1} has no unit: give one of its loadings as a number other than 0, such as 1, or take "
                    "factors for independent with variance 1 (correlated=False)."
                )
        self.letters = {"loadings": letters_of(names), "uniquenesses": letters_of(each)}
        check_apart(self.letters)
        self._ties, self._noise_ties = places(names, self.letters["loadings"]), places(each, self.letters["uniquenesses"])

    def whole(self, params: ConfirmatoryFactorParams) -> tuple[Array, Array]:
        """All loadings (d, m) and uniquenesses (d,)."""
        return (
            np.where(np.isnan(self._loadings), self._ties @ params.loadings, self._loadings),
            np.where(np.isnan(self._uniquenesses), self._noise_ties @ params.uniquenesses, self._uniquenesses),
        )

    def covariance(self, params: ConfirmatoryFactorParams) -> Array:
        """Of the columns, (d, d)."""
        loadings, noise = self.whole(params)
        return np.asarray(loadings @ params.factors @ loadings.T + np.diag(noise))

    def standardised(self, params: ConfirmatoryFactorParams) -> Standardised:
        """The same where columns and factors have variance 1."""
        (loadings, noise), unit = self.whole(params), np.sqrt(np.diag(params.factors))
        own = np.sqrt(np.diag(self.covariance(params)))
        return Standardised(loadings * unit / own[:, None], noise / own**2, params.factors / np.outer(unit, unit))

    def e_step(self, params: ConfirmatoryFactorParams, chunk: Chunk) -> Expectation[FactorSums]:
        one = self._told(params, chunk)
        return Expectation(sums_of(one, chunk.weights), float(chunk.weights @ one.log_density), float(chunk.weights.sum()))

    def _told(self, params: ConfirmatoryFactorParams, chunk: Chunk) -> Told:
        """What the rows of a chunk tell of independent factors, of which these are `_root` times as much."""
        loadings, noise = self.whole(params)
        return told(params.means, loadings @ _root(params), noise, chunk.x)

    def m_step(self, stats: FactorSums, params: ConfirmatoryFactorParams) -> ConfirmatoryFactorParams:
        """All columns regressed on the expected factors at once, each by the precision of its errors; then the rest.

        Names that stand in columns of several precisions are best given these; all else is best altogether.
        """
        sums, noise = _of_these_factors(stats, params), self.whole(params)[1]
        mass, gram, cross = sums.mass, sums.gram, sums.cross
        centred = gram[:, 1:, 1:] - gram[:, 1:, :1] * gram[:, :1, 1:] / mass[:, None, None]
        apart = cross[:, 1:] - cross[:, :1] * gram[:, 0, 1:] / mass[:, None]
        fixed = np.nan_to_num(self._loadings)
        side = apart - np.einsum("jab,jb->ja", centred, fixed)
        table = np.einsum("j,jak,jab,jbl->kl", 1 / noise, self._ties, centred, self._ties)
        letters = np.linalg.solve(table, np.einsum("j,jak,ja->k", 1 / noise, self._ties, side))
        loadings = fixed + self._ties @ letters
        shift = (cross[:, 0] - np.einsum("ja,ja->j", gram[:, 0, 1:], loadings)) / mass
        squares = np.maximum(left_about(sums, np.column_stack([shift, loadings])), 0.0)
        rows = shared(self._noise_ties, mass)
        own = np.where(rows > 0, shared(self._noise_ties, squares) / np.where(rows > 0, rows, 1.0), params.uniquenesses)
        factors = sums.total[1:, 1:] / sums.total[0, 0] if self.correlated else params.factors
        return ConfirmatoryFactorParams(params.means + shift, letters, own, (factors + factors.T) / 2)

    def updates(self) -> Mapping[str, Update[FactorSums, ConfirmatoryFactorParams]]:
        raise NotImplementedError("means and loadings are estimated by one regression, so no part of them can be held.")

    def expected(self, stats: FactorSums, before: ConfirmatoryFactorParams, now: ConfirmatoryFactorParams) -> Expected:
        sums, (loadings, noise) = _of_these_factors(stats, before), self.whole(now)
        lines = np.column_stack([now.means - before.means, loadings])
        squares, rows, products = left_about(sums, lines), sums.total[0, 0], sums.total[1:, 1:]
        inverse = np.linalg.inv(now.factors)
        value = -0.5 * (sums.mass * np.log(2 * np.pi * noise) + squares / noise).sum()
        value -= 0.5 * (rows * np.linalg.slogdet(now.factors)[1] + np.einsum("ab,ab->", inverse, products))
        along = (sums.cross - np.einsum("jab,jb->ja", sums.gram, lines)) / noise[:, None]
        slopes = {
            "means": along[:, 0],
            "loadings": shared(self._ties, along[:, 1:]),
            "uniquenesses": shared(self._noise_ties, (squares / noise - sums.mass) / (2 * noise)),
            "factors": (inverse @ products @ inverse - rows * inverse) / 2,
        }
        return Expected(float(value), {path: np.asarray(slope) for path, slope in slopes.items()})

    def row_objectives(self, params: ConfirmatoryFactorParams, chunk: Chunk) -> Array:
        return self._told(params, chunk).log_density

    latent_name = "factor"

    def latent(self, params: ConfirmatoryFactorParams, chunk: Chunk) -> tuple[Array, Array]:
        """Mean (n, m) and covariance (n, m, m) of the factors of each row, given its cells."""
        one, root = self._told(params, chunk), _root(params)
        return one.scores @ root.T, root @ one.spreads[one.which] @ root.T

    def draw(self, params: ConfirmatoryFactorParams, rng: np.random.Generator, n: int) -> Array:
        """Rows (n, d)."""
        loadings, noise = self.whole(params)
        factors = rng.standard_normal((n, self.n_factors)) @ _root(params).T
        return np.asarray(params.means + factors @ loadings.T + np.sqrt(noise) * rng.standard_normal((n, len(noise))))

    def redrawn(
        self, params: ConfirmatoryFactorParams, rng: np.random.Generator, rows: Array, lengths: Integers | None = None
    ) -> Array:
        return self.draw(params, rng, len(rows))

    @property
    def admits_gaps(self) -> bool:
        return True

    def prepare(self, source: Any) -> Any:
        """Of complete rows, and of many that lack the same cells, means and covariance are all that matters."""
        return standing_in(source)

    def occurring(self, source: Any) -> Any:
        """The rows themselves."""
        return source

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of more free parameters than there are variances and covariances."""
        m = self.n_factors
        free = sum(map(len, self.letters.values())) + (m * (m + 1) // 2 if self.correlated else 0)
        warn_of_unknowns(f"{m} factor{'s' * (m != 1)} with these loadings", free, len(profile.columns), "Fix more of them.")
        return self

    def held(self, params: ConfirmatoryFactorParams) -> tuple[str, ...]:
        """The covariance of independent factors."""
        return () if self.correlated else ("factors",)

    def scales(self, params: ConfirmatoryFactorParams) -> Mapping[str, Scale]:
        unit = np.sqrt(np.diag(self.covariance(params)))
        each = unit[:, None] / np.sqrt(np.diag(params.factors))
        return {
            "means": Scale(params.means, unit),
            "loadings": Scale(np.zeros(len(params.loadings)), mean_of(self._ties, each)),
        }

    def start(self, profile: AnyProfile) -> ConfirmatoryFactorParams:
        """Each factor the principal component of its columns; names have the mean of where they stand.

        Errors: DataError if the data cannot carry the factors.
        """
        return self._started(profile, np.ones_like(self._loadings))

    def starts(self, profile: AnyProfile, n_components: int, seeds: Iterable[int]) -> list[ConfirmatoryFactorParams]:
        """The same with each loading shortened at random, for each seed."""
        return [self._started(profile, np.random.default_rng(seed).uniform(0.1, 1.0, self._loadings.shape)) for seed in seeds]

    def _started(self, profile: AnyProfile, shares: Array) -> ConfirmatoryFactorParams:
        self._refuse_other_columns(len(profile.columns), "data")
        refuse(profile, self.n_factors, False)
        means, variances, correlation = correlations(profile)
        found, spread = np.zeros_like(self._loadings), np.ones(self.n_factors)
        for k, column in enumerate(self._loadings.T):
            own = np.flatnonzero(column != 0)
            if not len(own):
                continue
            values, vectors = np.linalg.eigh(correlation[np.ix_(own, own)])
            marked = np.flatnonzero(np.nan_to_num(column[own]) != 0)
            best = vectors[:, -1] * np.sqrt(variances[own] * values[-1]) * shares[own, k]
            given = float(best[marked[0]] / column[own][marked[0]]) if len(marked) and self.correlated else 0.0
            size = given if abs(given) > 0 else np.copysign(1.0, best.sum())
            found[own, k] = best / size
            spread[k] = size**2
        known = np.where(np.isnan(self._loadings), self._ties @ mean_of(self._ties, found), self._loadings)
        rest = variances - np.einsum("jk,k,jk->j", known, spread, known)
        noise = np.clip(rest, LEAST_UNIQUE * variances, MOST_UNIQUE * variances)
        return ConfirmatoryFactorParams(
            means, mean_of(self._ties, found), mean_of(self._noise_ties, noise), np.diag(spread)
        )  # fmt: skip

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

    def _refuse_other_columns(self, given: int, what: str) -> None:
        if given != len(self._loadings):
            raise ParameterError(f"the loadings are of {len(self._loadings)} columns, but the {what} have {given}.")


def _root(params: ConfirmatoryFactorParams) -> Array:
    """The lower triangle R with covariance of factors R R'."""
    return np.asarray(np.linalg.cholesky(params.factors), dtype=np.float64)


def _of_these_factors(stats: FactorSums, params: ConfirmatoryFactorParams) -> FactorSums:
    """Sums over factors with the covariance of the parameters, from those of independent ones."""
    turn = np.eye(len(stats.total))
    turn[1:, 1:] = _root(params)
    return FactorSums(
        stats.mass, stats.squares, stats.cross @ turn.T, turn @ stats.gram @ turn.T, turn @ stats.total @ turn.T, stats.slopes
    )
