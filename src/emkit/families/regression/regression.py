"""What all regressions share: columns by name, linear predictors, coefficients by damped Newton steps, starts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected, Slopes
from emkit.core.memo import once
from emkit.core.newton import Greatest, NewtonSums, gain, stepped, stepped_together
from emkit.core.parameters import leaves
from emkit.core.protocols import Update
from emkit.data.chunk import Chunk
from emkit.data.framed_design import Column
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError, ParameterError
from emkit.families.conditional import Conditional
from emkit.families.family import LOG_OF_ZERO, repeat
from emkit.families.linear import LinearForm
from emkit.families.regression.all_rows import climbed
from emkit.families.regression.in_tiles import InTiles, TileLaw
from emkit.families.regression.layout import Layout, Named
from emkit.families.regression.params import with_shared
from emkit.families.regression.response_family import OfResponse, ResponseFamily

P = TypeVar("P", bound=Any)
EPSILON = float(np.finfo(np.float64).eps)
NOTHING = 1e-300  # of a row: a component that has no more of it does not have it
LARGEST = 300.0  # of a linear predictor inside exp(): a mean of 1e130, whose squares do not overflow


class Rows(NamedTuple):
    """The response `y` (n, 1), the linear predictors (n, K), and the `trials` (n, 1), 1 where there are none."""

    y: Array
    predictors: Array
    trials: Array | float


class Pieces(NamedTuple):
    """Of the log-density at the linear predictors: its `slope` and, with the sign changed, `curvature` (n, K).

    `own`: what else a law adds up of each row, (n, K) each. For a law with a scale, slope and curvature are those times it.
    """

    slope: Array
    curvature: Array
    own: tuple[Array, ...] = ()


class Height(NamedTuple):
    """The expected log-likelihood, its slopes along the gains of the components (K,), and those along a law's own fields."""

    value: float
    by_gain: Array
    slopes: Slopes


@dataclass(frozen=True)
class Regression(ResponseFamily[P]):
    """The law of one column, the `response`, given others of its row: eta_k = offset + x' b_k + u' c.

    `covariates` x have coefficients b_k of each component; those of `shared` covariates u are c in all components. Columns are
    given by name or by place, and others are left alone. `offset`: a column that is added as it is; `intercept`: is there one?
    Covariates and offset may be any numbers. A subclass is the law: it writes `law`, `kind`, `log_law`, `pieces`, `start`,
    `drawn_from`, and `height` and `own_updates` if it has parameters of its own.
    Errors: ModelError for what is no column; DataError for one that is not there, or depends on other covariates.
    """

    shared: tuple[Column, ...] = field(default=(), kw_only=True)
    offset: Column | None = field(default=None, kw_only=True)
    intercept: bool = field(default=True, kw_only=True)

    kind: ClassVar[Any]
    curved: ClassVar[bool] = True  # whether the log-density is anything but a parabola in the linear predictor

    def __post_init__(self) -> None:
        self._as_columns("shared")
        super().__post_init__()
        if not self.intercept and not self.covariates:
            raise ModelError("a component needs a coefficient of its own: an intercept, or a covariate that is not shared.")

    # -- the law of the response

    @abstractmethod
    def log_law(self, rows: Rows, params: P) -> Array:
        """The log-density (n, K) of the response given the linear predictors."""

    def log_base(self, rows: Rows) -> Array:
        """The part of the log-density (n, 1) that no parameter touches, of a law that is written `in_tiles`."""
        return np.zeros_like(rows.y)

    def in_tiles(self, params: P) -> TileLaw | None:
        """The law as compiled code has it, less `log_base`; None while nobody has written it."""
        return None

    @abstractmethod
    def pieces(self, rows: Rows, params: P) -> Pieces:
        """What the M-step adds up."""

    @abstractmethod
    def start(self, y: Array, trials: Array | float) -> Array:
        """About the linear predictor of each row by itself, shape (n,)."""

    @abstractmethod
    def drawn_from(self, rows: Rows, params: P, rng: np.random.Generator) -> Array:
        """A response (n,) for each linear predictor (n, 1); fields of `params` are those of the row's component, (n, 1)."""

    def mean(self, rows: Rows, params: P) -> Array:
        """The mean of the response, shape (n, K)."""
        return rows.predictors

    def cdf(self, rows: Rows, params: P) -> Array | None:
        """The probability (n, K) of responses up to `rows.y`; None where no formula is written: counts are then summed."""
        return None

    def own_start(self, profile: AnyProfile) -> dict[str, Array]:
        """Where the law's own fields begin, (1,) each, when all rows are fitted."""
        return {}

    def height(self, sums: NewtonSums, gains: Array, now: P) -> Height:
        """The expected log-likelihood, up to a constant, where it has risen by `gains` (K,) times a law's scale."""
        return Height(float(gains.sum()), np.ones(len(gains)), {})

    def own_updates(self) -> Mapping[str, Update[NewtonSums, P]]:
        """The links of the law's own fields."""
        return {}

    # -- columns and parameters

    @property
    def named(self) -> Named:
        """The columns that are read."""
        return Named(self.response, self.covariates, self.shared, self.intercept, self.offset)

    @property
    def size(self) -> int:
        """How many coefficients enter a linear predictor."""
        return self.intercept + len(self.covariates) + len(self.shared)

    def params(self, coefficients: Any, shared: Any = None, **own: Any) -> P:
        """Parameters from which a fit may start: `coefficients` (K, p), those that are `shared` (q,), and the law's own.

        Errors: ParameterError for shared coefficients that the regression has not, or has and are not given.
        """
        if (shared is None) == bool(self.shared):
            what = f"has no shared covariates{'' if shared is None else ', so give none'}"
            if self.shared:
                what = f"shares the coefficients of {', '.join(map(str, self.shared))}: give `shared`, one for each"
            raise ParameterError(f"this regression {what}.")
        names = ["intercept"] * self.intercept + [str(column) for column in self.covariates]
        common = {"shared": shared, "shared_covariates": tuple(map(str, self.shared))} if self.shared else {}
        return self._class(coefficients, **own, covariates=tuple(names), **common)

    @property
    def _class(self) -> Any:
        return with_shared(self.kind) if self.shared else self.kind

    @property
    def conditional(self) -> Conditional:
        return OfRows(self)

    @property
    def rounds(self) -> int:
        return 6 if self.curved else 1

    def _coefficients_of(self, params: P) -> Array:
        """All coefficients (K, P) of each component."""
        if not self.shared:
            return np.asarray(params.coefficients)
        return np.concatenate([params.coefficients, repeat(params.shared, len(params.coefficients))], axis=1)

    def rows(self, params: P, x: Array) -> Rows:
        """Response, linear predictors and trials of rows x (n, d)."""
        layout = self.described_by
        predictors = layout.design(x) @ layout.level(self._coefficients_of(params)).T
        if layout.offset is not None:
            predictors += x[:, [layout.offset]]
        return Rows(x[:, [layout.response]], predictors, 1.0 if layout.trials is None else x[:, [layout.trials]])

    # -- E-step and M-step

    def log_density(self, params: P, x: Array) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            found = self.log_law(self.rows(params, x), params)
        return np.maximum(np.nan_to_num(found, nan=LOG_OF_ZERO), LOG_OF_ZERO)

    def sums(self, params: P, x: Array, weights: Array) -> NewtonSums:
        slope, curvature, own = self.pieces(self.rows(params, x), params)
        z = self.described_by.framed(x)
        bent = np.stack([(z * each[:, None]).T @ z for each in (weights * curvature).T])
        reach = np.zeros(weights.shape[1])
        if self.curved:
            reach = np.where(weights > NOTHING, np.sqrt((z**2).sum(axis=1))[:, None], 0.0).max(axis=0, initial=0.0)
        each = tuple((weights * values).sum(axis=0) for values in own)
        return NewtonSums(weights.sum(axis=0), (weights * slope).T @ z, bent, Greatest(reach), each)

    def linear(self, params: P) -> LinearForm[NewtonSums] | None:
        """The compiled road in tiles, of a law that is written so."""
        law = self.in_tiles(params)
        if law is None:
            return None
        rows = InTiles(self.described_by, self._coefficients_of(params), law, curved=self.curved)
        constants = np.broadcast_to(law.constants, len(rows.coefficients))[:, None]
        base, total, found = self._base_of, partial(_total_base, regression=self), rows.newton_sums
        return LinearForm(constants, rows, base, total, lambda sums, chunk: found(sums), width=rows.width)

    def _base_of(self, x: Array) -> Array:
        """`log_base` of rows x (n, d), shape (n,)."""
        layout = self.described_by
        trials = 1.0 if layout.trials is None else x[:, [layout.trials]]
        return self.log_base(Rows(x[:, [layout.response]], np.empty((len(x), 0)), trials))[:, 0]

    def updates(self) -> Mapping[str, Update[NewtonSums, P]]:
        shared = {"shared": self._shared} if self.shared else {}
        return {"coefficients": self._coefficients, **shared, **self.own_updates()}

    def _coefficients(self, sums: NewtonSums, before: P, now: P) -> Array:
        """One damped step of Newton's method, which raises the expected log-likelihood; of a normal response, to its maximum.

        Shapes: gradient (K, P), curvature (K, P, P) -> (K, p). Unit: that of the predictor over that of the covariate.
        Source: see `core/newton.py`.
        """
        layout, size = self.described_by, np.shape(now.coefficients)[1]
        step = stepped(sums, self.way(before, now), size)
        rounding = EPSILON * layout.size_of(self._coefficients_of(now))
        told = np.sqrt((step**2).sum(axis=1)) > rounding  # shorter steps are made of rounding, and would wander
        return np.where(told[:, None], now.coefficients + layout.back(step)[:, :size], now.coefficients)

    def _shared(self, sums: NewtonSums, before: P, now: P) -> Array:
        """The same for the coefficients that all components have in common, given those that each has for itself.

        Shapes: gradient (K, P), curvature (K, P, P) -> (q,).
        """
        layout, size = self.described_by, np.shape(now.coefficients)[1]
        unit = layout.inverse[size:, size:]
        columns = layout.way(np.eye(self.size)[size:]).T @ unit  # each moves the predictors of all rows by about 1
        way = self.way(before, now)
        factors = self.height(sums, gain(sums, way).value, now).by_gain
        return np.asarray(now.shared + unit @ stepped_together(sums, way, columns, factors))

    def way(self, before: P, now: P) -> Array:
        """How far the coefficients (K, P) of the orthonormal columns have moved."""
        return self.described_by.way(self._coefficients_of(now) - self._coefficients_of(before))

    def expected(self, sums: NewtonSums, before: P, now: P) -> Expected:
        """A bound that touches the expected log-likelihood at `before`; for a normal response, it is that itself."""
        found = gain(sums, self.way(before, now))
        height = self.height(sums, found.value, now)
        slopes = self.described_by.slopes(height.by_gain[:, None] * found.slopes)
        size = np.shape(now.coefficients)[1]
        shared = {"shared": slopes[:, size:].sum(axis=0)} if self.shared else {}
        return Expected(height.value, {"coefficients": slopes[:, :size], **shared, **height.slopes})

    def scales(self, params: P) -> Mapping[str, Scale]:
        """Coefficients are counted in steps that move the predictors of all rows by about 1, where the rows are known."""
        if self.layout is None:
            return {}
        unit, size = self.described_by.unit(), np.shape(params.coefficients)[1]
        found = {"coefficients": Scale(params.coefficients, np.broadcast_to(unit[:size], np.shape(params.coefficients)))}
        return found | ({"shared": Scale(params.shared, unit[size:])} if self.shared else {})

    # -- the estimate for all rows

    def of_all_rows(self, profile: AnyProfile) -> P:
        layout = self.described_by
        line = profile.total(partial(self._begin, layout))
        coefficients = layout.back(np.linalg.solve(line.curvature[0], line.gradient[0])[None])
        size = layout.own_size
        shared = {"shared": coefficients[0, size:], "shared_covariates": layout.shared_names} if self.shared else {}
        now = self._class(coefficients[:, :size], **self.own_start(profile), covariates=layout.own_names, **shared)
        return climbed(self, profile, now)

    def _begin(self, layout: Layout, x: Array, weights: Array) -> NewtonSums:
        """Sums of a regression of what the response says of the predictors."""
        z, target = layout.framed(x), self.said_of_lines(x, weights)
        weighted = (z * weights[:, None]).T
        nothing = np.zeros(1)
        return NewtonSums(nothing, (weighted @ target)[None], (weighted @ z)[None], Greatest(nothing), ())

    def said_of_lines(self, x: Array, weights: Array) -> Array:
        """What the response of each row says of x' b + u' c, shape (n,)."""
        layout = self.described_by
        trials = 1.0 if layout.trials is None else x[:, layout.trials]
        found = self.start(x[:, layout.response], trials)
        return found if layout.offset is None else found - x[:, layout.offset]

    # -- drawn and predicted

    def means(self, params: P, x: Array) -> Array:
        """The mean of the response of each row under each component, shape (n, K)."""
        return self.mean(self.rows(params, x), params)


@once
def _total_base(chunk: Chunk, regression: Any) -> float:
    return float(sum(chunk.weights[rows] @ regression._base_of(x) for rows, x in chunk.blocks()))


def in_deviations(scales: Mapping[str, Scale], deviations: Array) -> Mapping[str, Scale]:
    """The scales of coefficients, counted in steps that move lines by a deviation (K,) of their components."""
    times = {"coefficients": deviations[:, None], "shared": deviations.mean()}
    return {path: own._replace(unit=own.unit * times[path]) for path, own in scales.items()}


@dataclass(frozen=True)
class OfRows(OfResponse):
    """Responses that are numbers."""

    def means(self, params: Any, x: Array) -> Array:
        found: Array = self.regression.means(params, x)
        return found

    def up_to(self, params: Any, x: Array) -> Array | None:
        found: Array | None = self.regression.cdf(self.regression.rows(params, x), params)
        return found

    def drawn(self, params: Any, rng: np.random.Generator, components: Integers, rows: Array) -> Array:
        family, found = self.regression, np.array(rows, dtype=np.float64)
        each = family.rows(params, rows)
        own = {leaf.path: leaf.value[components, None] for leaf in leaves(params) if leaf.value.ndim == 1 and _is_own(leaf)}
        predictors = np.take_along_axis(each.predictors, components[:, None], axis=1)
        found[:, family.described_by.response] = family.drawn_from(each._replace(predictors=predictors), Fields(own), rng)
        return found


class Fields:
    """Fields of a law, each with one number for every row."""

    def __init__(self, fields: Mapping[str, Array]) -> None:
        self.__dict__.update(fields)


def _is_own(leaf: Any) -> bool:
    return leaf.axes is not None and leaf.axes.names == ("component",)
