"""Regressions of times and amounts of which some are known only up to an interval.

eta is the centre of the response, or of its logarithm, and every component has a scale about it: for times, covariates then
speed up or slow down what happens (accelerated failure times).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np

from emkit.core.arrays import Array
from emkit.core.axes import component_name
from emkit.core.coordinates import Scale
from emkit.core.expected import Expected
from emkit.core.protocols import Update
from emkit.data.framed_design import Column
from emkit.data.profile import AnyProfile
from emkit.errors import ModelError, ParameterError
from emkit.families.any_density import Kept
from emkit.families.conditional import Conditional
from emkit.families.family import LOG_OF_ZERO, Totals
from emkit.families.floor import FLOOR, FREED, Floor, SpreadFloor, bounds, less_likely, rests, too_thin
from emkit.families.regression.exactly_told import warn_of_exactly_told
from emkit.families.regression.given_times import OfTimes
from emkit.families.regression.known_ends import Ends, Line
from emkit.families.regression.layout import Named
from emkit.families.regression.regression import in_deviations
from emkit.families.regression.response_family import ResponseFamily
from emkit.families.regression.responses_up_to import UpToIntervals
from emkit.families.regression.standard_laws import StandardLaw
from emkit.families.spread import Spread, Variances, few, rows_per_weight
from emkit.families.support import LARGEST_AMOUNT, Support, positive

ROUNDING = 8 * float(np.finfo(np.float64).eps)  # of a mean: by how much equal responses may lie apart
NO_ENDS = -np.inf, np.inf  # of intervals that have none
NARROWEST = 1e-7  # of the spread of all responses: a scale about one line for all rows that may be rounding


@dataclass(frozen=True)
class SurvivalRegression(ResponseFamily[Any]):
    """y = eta_k + scale_k z, or log y, with z of a standard law and eta_k = x' b_k: see `Regression` for the columns.

    Source: Kalbfleisch & Prentice (2002), The Statistical Analysis of Failure Time Data, 2nd ed., chapter 3.

    `upper`: a column with the upper end of what is known of each response, of which `response` then is the lower end: where
    both are equal, it is known; where one is missing (NaN), the interval has no end there. `ek.survival` makes the two columns
    of times and events. Or `event`: a column that is 1 where the response is known, and 0 where it is larger. Without either,
    all responses are known. `entry`: a column with what the response of each row must be larger than to be there at all, as
    the time from which on somebody was watched (left truncation, delayed entry); where it is missing (NaN), there is no such.
    Coefficients and scales are those of all, unseen rows included, proportions of components those of the rows that are seen.
    Statistics are the rows themselves, each different one once, with their weights for the components, so they grow with the
    rows; the M-step is the maximum, by Newton's method. `floor` bounds the squares of the scales from below, as a fraction of
    that about one line for all rows: see `Floored`. Rows that are drawn have responses that are known.
    Errors: ParameterError unless 0 <= floor < 1; ModelError for `upper` and `event` together.
    """

    upper: Column | None = field(default=None, kw_only=True)
    event: Column | None = field(default=None, kw_only=True)
    entry: Column | None = field(default=None, kw_only=True)
    intercept: bool = field(default=True, kw_only=True)
    floor: float = field(default=FLOOR, kw_only=True)
    rows_per_weight: float = field(default=1.0, repr=False, kw_only=True)
    whole: float = field(default=0.0, repr=False, kw_only=True)  # the square of the scale about one line for all rows

    kind: ClassVar[Any]
    standard: ClassVar[StandardLaw]
    noun: ClassVar[str] = "times"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.upper is not None and self.event is not None:
            raise ModelError("give the upper ends of responses, or whether they were seen (event), and not both.")
        if not 0 <= self.floor < 1:
            raise ParameterError(f"floor is {self.floor!r}; it is a fraction of the pooled spread and must lie in [0, 1).")

    # -- what a subclass writes

    @abstractmethod
    def mean(self, predictors: Array, scales: Array) -> Array | None:
        """The mean of the response (n, K), given where it is centred and the scales (K,); None if there is none."""

    @property
    def law(self) -> Support:
        return positive(self.noun, LARGEST_AMOUNT)

    def transformed(self, y: Array) -> Array:
        """What is linear in the covariates: the logarithm of a time."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.maximum(y, 0.0)))

    def restored(self, y: Array) -> Array:
        """The response again."""
        return np.asarray(np.exp(y))

    def log_volume(self, y: Array) -> Array:
        """The logarithm of how far `transformed` moves with known responses (n,)."""
        return -np.log(y)

    def scales_of(self, params: Any) -> Array:
        """The scales (K,)."""
        return np.asarray(params.scales)

    def with_lines(self, lines: list[Line], names: tuple[str, ...]) -> Any:
        """Parameters of these lines."""
        coefficients = self.described_by.back(np.stack([line.way for line in lines]))
        return self.kind(coefficients, [line.scale for line in lines], covariates=names)

    moves: ClassVar[bool] = True  # whether scales are estimated

    # -- columns

    @property
    def named(self) -> Named:
        upper = self.event if self.upper is None else self.upper
        return Named(self.response, self.covariates, (), self.intercept, upper=upper, entry=self.entry)

    @property
    def support(self) -> Support:
        return UpToIntervals(regression=self)

    @property
    def among_gaps(self) -> Self | None:
        return None if self.upper is self.entry is None else self  # without an end, or an entry; other gaps are refused

    @property
    def conditional(self) -> Conditional:
        return OfTimes(self)

    @property
    def size(self) -> int:
        """How many coefficients there are."""
        return self.intercept + len(self.covariates)

    @property
    def spread(self) -> Spread:
        return Variances("scales", directions=self.size)

    def ends(self, x: Array) -> tuple[Array, Array]:
        """The ends (n,) of what is known of the responses; none where they are not finite."""
        layout = self.described_by
        low = high = x[:, layout.response]
        if layout.upper is not None:
            high = x[:, layout.upper] if self.event is None else np.where(x[:, layout.upper] == 1, low, np.nan)
        return low, high

    def _ends(self, x: Array) -> tuple[Array, Array]:
        """The same, transformed; an interval that begins before the entry of its row is told from there."""
        low, high = (
            self.transformed(np.where(np.isfinite(end), end, none)) for end, none in zip(self.ends(x), NO_ENDS, strict=True)
        )
        return np.where(low < high, np.maximum(low, self._entry(x)), low), high

    def _entry(self, x: Array) -> Array:
        """What the responses must be larger than to be seen, transformed, (n,)."""
        place = self.described_by.entry
        if place is None:
            return np.full(len(x), -np.inf)
        return self.transformed(np.where(np.isfinite(x[:, place]), x[:, place], -np.inf))

    # -- E-step and M-step

    def log_density(self, params: Any, x: Array) -> Array:
        layout = self.described_by
        ends = self._of(x)
        with np.errstate(over="ignore", invalid="ignore"):
            found = np.stack([ends.log_density(line) for line in self._lines(params)], axis=1)
        known = ends.low == ends.high
        found[known] += self.log_volume(x[known, layout.response])[:, None]
        found[ends.high <= ends.entry] = LOG_OF_ZERO  # no such row would be there
        return np.maximum(np.nan_to_num(found, nan=LOG_OF_ZERO), LOG_OF_ZERO)

    def statistics(self, params: Any, x: Array, weights: Array) -> Any:
        return self.sums(params, x, weights)

    def sums(self, params: Any, x: Array, weights: Array) -> Any:
        return Kept.of(np.nan_to_num(x, nan=np.inf), weights.T)

    def _of(self, x: Array) -> Ends:
        """What rows x (n, d) say; a missing end may be infinite, too."""
        return Ends(*self._ends(x), self.described_by.framed(x), self.standard, self._entry(x))

    def _lines(self, params: Any) -> list[Line]:
        ways = self.described_by.way(params.coefficients)
        return [Line(way, float(scale)) for way, scale in zip(ways, self.scales_of(params), strict=True)]

    def updates(self) -> Mapping[str, Update[Any, Any]]:
        return {"": self._all}

    def _all(self, stats: Kept, before: Any, now: Any) -> Any:
        """The lines and scales of the greatest weighted log-likelihood, none below the floor.

        Shapes: rows (m, 2 + p), weights (K, m) -> (K, p) and (K,).
        Errors: DegenerateFitError if a component collapsed that had been freed from the floor.
        Source: see `known_ends.py`.
        """
        ends, mass = self._of(stats.rows), stats.weights.sum(axis=1)
        was, small = self.scales_of(before) ** 2, few(mass * self.rows_per_weight, self.size)
        freed = was < FREED * self.floor * self.whole
        least = bounds(freed, small, self.floor * self.whole, self.whole)
        lines = []
        for k, (line, weights) in enumerate(zip(self._lines(now), stats.weights, strict=True)):
            lines.append(ends.highest(line, weights, float(np.sqrt(least[k])), self.moves))
            spread = lines[-1].scale ** 2
            if freed[k] and rests(spread, least[k]) and less_likely(np.array(spread), was[k], np.array(spread)):
                raise too_thin(f"component {component_name(k)}")
        return self.with_lines(lines, now.covariates)

    def expected(self, stats: Any, before: Any, now: Any) -> Expected:
        ends, lines = self._of(stats.rows), self._lines(now)
        heights = [ends.height(line, weights) for line, weights in zip(lines, stats.weights, strict=True)]
        along = np.stack([height.slope for height in heights]) / np.array([[line.scale] for line in lines])
        slopes = {"coefficients": self.described_by.slopes(along[:, :-1])}
        if self.moves:
            slopes["scales"] = -along[:, -1]
        return Expected(float(sum(height.value for height in heights)), slopes)

    def scales(self, params: Any) -> Mapping[str, Scale]:
        """Coefficients are counted in steps that move the lines by about a scale of their components."""
        if self.layout is None:
            return {}
        unit = np.broadcast_to(self.layout.unit(), np.shape(params.coefficients))
        return in_deviations({"coefficients": Scale(params.coefficients, unit)}, self.scales_of(params))

    # -- all rows

    def settled(self, profile: AnyProfile) -> Self:
        """Warns of a response that covariates tell exactly."""
        family = self.placed(profile)
        whole, varies = family._about_line(profile)
        if not varies and self.moves:
            warn_of_exactly_told(profile.columns[family.described_by.response], "scale about a line", "scales")
        return replace(family, rows_per_weight=rows_per_weight(profile), whole=whole)

    def lower_bound(self, profile: AnyProfile) -> Floor:
        whole, varies = self.placed(profile)._about_line(profile)
        return SpreadFloor("scales", np.array([self.floor * whole]), np.array([varies]), np.square, np.sqrt)

    def _about_line(self, profile: AnyProfile) -> tuple[float, bool]:
        """The square of the scale of all rows about one line, and whether it is more than rounding; if not, that about none."""
        mass, total, _ = profile.total(partial(self._moments, 0.0)).sums[0]
        mean = float(total / mass)
        spread = float(profile.total(partial(self._moments, mean)).sums[0, 2]) / mass
        if spread > (ROUNDING * mean) ** 2:
            scale = float(self.scales_of(replace(self, whole=0.0).pooled(profile, 1))[0])
            if scale**2 > 4 * NARROWEST**2 * spread:
                return scale**2, True
            return spread, False
        return self.unit(mean), False

    def unit(self, mean: float) -> float:
        """What stands for the square of a scale where no response varies: a logarithm has none of its own."""
        return 1.0

    def _moments(self, mean: float, x: Array, weights: Array) -> Totals:
        said = self.said_of_lines(x, weights) - mean
        return Totals(np.array([[weights.sum(), weights @ said, weights @ said**2]]))

    def of_all_rows(self, profile: AnyProfile) -> Any:
        layout = self.described_by
        stats = profile.total(lambda x, weights: self.statistics(None, x, weights[:, None]))
        ends, weights = self._of(stats.rows), stats.weights[0]
        said = _midst(ends.low, ends.high)
        way = np.linalg.lstsq(ends.z * np.sqrt(weights)[:, None], said * np.sqrt(weights), rcond=None)[0]
        scale = float(np.sqrt(weights @ (said - ends.z @ way) ** 2 / weights.sum()))
        spread = float(np.sqrt(weights @ (said - weights @ said / weights.sum()) ** 2 / weights.sum()))
        least = max(
            float(np.sqrt(self.floor * self.whole)),
            NARROWEST * spread,
            NARROWEST * NARROWEST * float(np.abs(said).max(initial=0.0)),
            np.finfo(float).tiny,
        )
        begin = Line(way, max(scale, 1e-3 * spread, least)) if self.moves else Line(way, 1.0)
        return self.with_lines([ends.highest(begin, weights, least, self.moves)], layout.own_names)

    def said_of_lines(self, x: Array, weights: Array) -> Array:
        return _midst(*self._ends(x))


def _midst(low: Array, high: Array) -> Array:
    """A number in each interval: its middle, or the one end that it has."""
    ends = np.where(np.isfinite(low), low, high), np.where(np.isfinite(high), high, low)
    return np.asarray(ends[0] + (ends[1] - ends[0]) / 2)
