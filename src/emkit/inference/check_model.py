"""Is a model right? Its E-step and M-step held against each other and against differences of its own log-likelihood.

Whoever writes a model makes two kinds of mistake that a fit may call converged: an E-step whose statistics are not those of
its log-likelihood, and an M-step that does not maximise the expected log-likelihood. Both show in slopes. At the parameters
that an E-step was taken at, the expected log-likelihood has the slope of the log-likelihood (Fisher's identity); and where an
M-step ends, the expected log-likelihood has no slope left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.coordinates import Coordinates, is_under
from emkit.core.evaluation import EMMap
from emkit.core.parameters import Parameters, maximise_in_turn, replace_at
from emkit.core.protocols import Evaluation, LatentModel
from emkit.core.ready import check_is_model, ready
from emkit.data.given import as_source
from emkit.data.source import ArraySource
from emkit.errors import DegenerateFitError, ModelError, ParameterError
from emkit.inference.differences import jacobian
from emkit.inference.floors import held
from emkit.inference.scores import expected_slope, has_expected, prior_slope

P = TypeVar("P", bound=Parameters)

AWAY = 0.05  # from the parameters given, in free coordinates: at a maximum, every slope is 0, right or wrong
STEP = 1e-4  # of differences, in free coordinates: an E-step by hard assignment has kinks
CLOSE = 4e-6  # the same where a kink may have lain between
APART = 1e-2  # the same where nothing is passed over
ROUNDING = 1e-14  # of heights, relative
DIRECTIONS = 4
WRONG = 1e-5  # relative: right E-steps differ by some 1e-9, wrong ones by 1e-2
FAR = 1e-4  # from its maximum, in free coordinates, of a field that an M-step has left
PASSES = 2_000  # of plain EM, where nothing but its end can be looked at
FELL = 1e-9


@dataclass(frozen=True)
class ModelCheck:
    """What was found right: a name and a sentence each; printed, one a line."""

    findings: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "\n".join(f"{name}: {sentence}" for name, sentence in self.findings)

    __repr__ = __str__


def check_model(
    model: LatentModel[P, Any], data: object, params: P, *, weights: object = None, groups: object = None, exact: bool = True
) -> ModelCheck:
    """Check that the steps of `model` belong together, near `params`, on `data` (as for `fit`).

    Looked at are the free coordinates, the sums over chunks, the E-step, each link of the M-step and the ascent. `exact`:
    False if the M-step is meant to climb only part of the way (a generalised EM), so that it need not reach the maximum.
    A model that does not write `expected` can only be looked at as a whole: EM must end where the log-likelihood has no slope.
    Errors: ModelError naming the first step that is wrong, and by how much; DataError or ParameterError as `fit` has them.

    >>> import emkit as ek
    >>> start = ek.MixtureParams([0.4, 0.6], ek.PoissonParams([[1.0], [5.0]]))
    >>> print(ek.check_model(ek.Mixture("poisson"), [0, 1, 0, 2, 1, 6, 7, 5, 8, 6], start))
    coordinates: 3 free, and back again.
    sums: the same in one chunk and in several, and a weight of 2 is the row twice.
    expected: its slopes are those of its value.
    E-step: its statistics have the slope of its log-likelihood (to 0).
    M-step: each link is where the expected log-likelihood has no slope left.
    ascent: five EM steps, none of which falls.
    """
    check_is_model(model)
    source = model.recoded(as_source(data, weights, groups))
    model = ready(model, source, [params])
    return ModelCheck(tuple(_Check(model, model.prepare(source), params, exact).findings()))


class _Check(Generic[P]):
    def __init__(self, model: LatentModel[P, Any], source: Any, params: P, exact: bool) -> None:
        self._model, self._source, self._exact = model, source, exact
        self._name = type(model).__name__
        self._em: EMMap[P] = EMMap(model, source, params)
        self._coordinates: Coordinates[P] = self._em.coordinates
        self._rng = np.random.default_rng(0)
        self._params = self._nearby(params)

    def findings(self) -> Iterator[tuple[str, str]]:
        """Every check in turn. Errors: ModelError at the first that fails."""
        yield "coordinates", self._round_trip()
        yield "sums", self._adds_up()
        here = self._em(self._params)
        if not self._model.ascends:
            yield "E-step and M-step", "not looked at: this E-step draws lots."
            return
        stats = self._em.expectation(self._params).statistics
        if has_expected(self._model, stats, self._params):
            yield "expected", self._expected(stats)
            yield "E-step", self._e_step(stats)
            yield "M-step", self._m_step(stats, here)
        else:
            yield "E-step and M-step", self._end_of_em(here)
        yield "ascent", self._ascends(here)

    # -- where to look

    def _nearby(self, params: P) -> P:
        """Parameters a little away from those given, so that slopes are not 0."""
        there = self._coordinates.pack(params)
        inside = self._inside(params, there)
        move = np.where(inside, AWAY * self._rng.standard_normal(len(there)), 0.0)
        moved = np.where(inside, np.where(np.isfinite(there), there, 0.0) + move, there)
        near = self._coordinates.unpack(moved, params)
        return near if self._em.attempt(near) is not None else params

    def _inside(self, params: P, there: Array) -> Mask:
        """The coordinates that neither lie on a boundary nor rest on a floor."""
        floors = self._model.on_floor(params, self._source.profile)
        return np.isfinite(there) & ~self._coordinates.at_edge(there) & ~held(self._coordinates, params, floors)[1]

    def _slope(self, stats: Any, now: P) -> Array:
        slope = expected_slope(self._model, self._coordinates, stats, self._params, now)
        return slope + prior_slope(self._model, self._coordinates, now) if self._model.states_prior else slope

    # -- the checks

    def _round_trip(self) -> str:
        there = self._coordinates.pack(self._params)
        back = self._coordinates.unpack(there, self._params)
        entries = self._coordinates.entries(self._params)
        off = np.abs(self._coordinates.entries(back) - entries).max(initial=0.0)
        if off > WRONG * (1 + np.abs(entries).max(initial=0.0)):
            raise ModelError(f"{self._name}: parameters that are packed into free coordinates and back differ by {off:.2g}.")
        still = [path for path in self._model.held(self._params) if path]
        held = f" Moved by no link: {', '.join(still)}." if still else ""
        return f"{self._coordinates.size} free, and back again.{held}"

    def _adds_up(self) -> str:
        """The E-step over two chunks must be the sum of theirs, and the same twice."""
        first, again = (self._em.expectation(self._params) for _ in range(2))
        if first.log_likelihood != again.log_likelihood:
            raise ModelError(
                f"{self._name}.e_step is no pure function: at the same parameters the log-likelihood is "
                f"{first.log_likelihood:.10g}, then {again.log_likelihood:.10g}."
            )
        if not isinstance(self._source, ArraySource) or self._source.rows < 2:
            return "the same twice."
        whole = self._cut(self._source.rows)
        halves = self._cut(max(2 * self._source.rows // 3, 1)) or whole
        for what, one, two in (
            ("log-likelihood", whole.log_likelihood, halves.log_likelihood),
            ("number of rows", whole.rows, halves.rows),
        ):
            if abs(one - two) > 1e-9 * (1 + abs(one)):
                raise ModelError(
                    f"{self._name}.e_step does not add up: the {what} of all rows is {one:.10g}, in two chunks {two:.10g}."
                )
        ends = [self._coordinates.entries(self._model.m_step(total.statistics, self._params)) for total in (whole, halves)]
        off = np.abs(ends[0] - ends[1]).max(initial=0.0)
        if off > 1e-7 * (1 + np.abs(ends[0]).max(initial=0.0)):
            raise ModelError(
                f"{self._name}.e_step does not add up: statistics of two chunks lead to estimates that differ by {off:.2g}."
            )
        self._weighs()
        return (
            "the same in one chunk and in several, and a weight of 2 is the row twice."
            if halves is not whole
            else "the same twice."
        )

    def _weighs(self) -> None:
        """A row of weight 2 must be the row twice, in the log-likelihood and in the estimates."""
        given = self._source
        if given.groups is not None:
            return
        times, known = 1 + np.arange(given.rows) % 3, given.membership
        more = np.repeat(known, times, axis=0) if known is not None else None
        rows, number = np.repeat(given.x, times, axis=0), int(times.sum())
        both = (
            ArraySource(given.x, times.astype(float), given.columns, given.rows, levels=given.levels, membership=known),
            ArraySource(rows, None, given.columns, number, levels=given.levels, membership=more),
        )
        one, other = (EMMap(self._model, source, self._params).expectation(self._params) for source in both)
        ends = [self._coordinates.entries(self._model.m_step(total.statistics, self._params)) for total in (one, other)]
        off = max(abs(one.log_likelihood - other.log_likelihood) / (1 + abs(one.log_likelihood)), abs(one.rows - other.rows))
        moved = np.abs(ends[0] - ends[1]).max(initial=0.0) / (1 + np.abs(ends[0]).max(initial=0.0))
        if not max(off, moved) <= 1e-7:
            raise ModelError(
                f"{self._name}.e_step ignores chunk.weights, or uses them in one place only: a row of weight 2 must be the row "
                "twice, in log_likelihood, rows and statistics."
            )

    def _cut(self, rows: int) -> Any:
        given = self._source
        groups = np.repeat(np.arange(len(given.groups) - 1), np.diff(given.groups)) if given.groups is not None else None
        known = given.membership
        cut = ArraySource(given.x, given.weights, given.columns, rows, levels=given.levels, groups=groups, membership=known)
        if rows < given.rows and sum(1 for _ in cut.chunks()) == 1:
            return None  # one group cannot be cut
        return EMMap(self._model, cut, self._params).expectation(self._params)

    def _expected(self, stats: Any) -> str:
        """The slopes that the model writes must be those of the value beside them."""
        there = self._coordinates.pack(self._params)
        inside = self._inside(self._params, there)
        slope = np.where(inside, expected_slope(self._model, self._coordinates, stats, self._params, self._params), 0.0)

        def value(some: Array) -> Array:
            point = there.copy()
            point[inside] = some
            now = self._coordinates.unpack(point, self._params)
            return np.array([self._model.expected(stats, self._params, now).value])

        numeric = jacobian(value, there[inside], np.full(int(inside.sum()), APART))[0]
        size = float(np.abs(numeric).max(initial=0.0))
        height = float(np.abs(value(there[inside])).max())
        rounding = ROUNDING * (1 + height) / APART  # a height that nothing moves has such slopes, too
        off = max(float(np.abs(slope[inside] - numeric).max(initial=0.0)) - rounding, 0.0) / (size or 1.0)
        if not off <= 1e-4:
            raise ModelError(f"{self._name}.expected is wrong: its slopes differ by {off:.2g} from those of its value.")
        return "its slopes are those of its value."

    def _e_step(self, stats: Any) -> str:
        """Along some directions, the slope of the log-likelihood must be that of the expected log-likelihood."""
        there = self._coordinates.pack(self._params)
        inside = self._inside(self._params, there)
        slope = np.where(inside, self._slope(stats, self._params), 0.0)
        size = float(np.linalg.norm(slope)) or 1.0
        worst = 0.0
        for _ in range(DIRECTIONS):
            along = np.where(inside, self._rng.standard_normal(len(there)), 0.0)
            along /= np.linalg.norm(along) or 1.0
            off = self._off(there, along, STEP, slope, size)
            if not off <= WRONG:  # a kink may lie between, and from nearer by lies there no longer
                off = self._off(there, along, CLOSE, slope, size)
            worst = max(worst, off)
        if worst > WRONG:
            raise ModelError(
                f"{self._name}.e_step is wrong: its statistics are not those of its log_likelihood. The expected "
                f"log-likelihood at the parameters of the E-step must have the slope of the log-likelihood, but they "
                f"differ by {worst:.2g} of it. Look at the posterior and the sums of e_step, and at expected."
            )
        return f"its statistics have the slope of its log-likelihood (to {worst:.1g})."

    def _off(self, there: Array, along: Array, step: float, slope: Array, size: float) -> float:
        """How far the log-likelihood's slope along a direction is from that of the expected one, beyond rounding."""
        up, down = (self._objective(there, sign * step * along) for sign in (1, -1))
        off = abs((up - down) / (2 * step) - float(slope @ along))
        return max(off - 1e-13 * abs(up) / step, 0.0) / size if np.isfinite(off) else np.inf

    def _objective(self, there: Array, move: Array) -> float:
        point = np.where(np.isfinite(there), there, 0.0) + move
        return self._em.objective(self._coordinates.unpack(np.where(np.isfinite(there), point, there), self._params))

    def _m_step(self, stats: Any, here: Evaluation[P]) -> str:
        before, after = (self._model.expected(stats, self._params, p).value for p in (self._params, here.update))
        risen = after + self._model.log_prior(here.update) - before - self._model.log_prior(self._params)
        if not np.isfinite(risen):
            raise ModelError(
                f"{self._name}.expected is wrong: its value is {before:g} before the M-step and {after:g} after it."
            )
        if risen < -FELL * (1 + abs(before)):
            raise ModelError(f"{self._name}.m_step is wrong: it lowers the expected log-likelihood by {-risen:.2g}.")
        if not self._exact or self._model.is_stuck(self._params):
            return f"raises the expected log-likelihood by {risen:.3g}."
        links = self._links(stats)
        now = self._params
        for path, update in links.items():
            now = replace_at(now, {path: update(stats, self._params, now)})
            self._at_its_best(f"{self._name}.updates()[{path!r}]", stats, now, path)
        if not links:
            self._at_its_best(f"{self._name}.m_step", stats, here.update, None)
        return "each link is where the expected log-likelihood has no slope left."

    def _links(self, stats: Any) -> Mapping[str, Any]:
        try:
            links = self._model.updates()
        except NotImplementedError:
            return {}
        inner = maximise_in_turn(links, stats, self._params)
        same = np.array_equal(
            self._coordinates.entries(inner), self._coordinates.entries(self._model.m_step(stats, self._params))
        )
        return links if same else {}

    def _at_its_best(self, who: str, stats: Any, now: P, path: str | None) -> None:
        """Raise ModelError if a step of Newton's method along a coordinate of the field would go far."""
        there = self._coordinates.pack(now)
        names = np.concatenate([[leaf.path] * leaf.space.size(leaf.value.shape) for leaf in self._coordinates.free(now)])
        mine = np.array([path is None or is_under(str(name), [path]) for name in names], dtype=bool)
        looked_at = np.flatnonzero(self._inside(now, there) & mine)
        slope = self._slope(stats, now)
        for j in looked_at.tolist():
            move = np.zeros_like(there)
            move[j] = 1e-3
            try:
                bend = (self._slope(stats, self._coordinates.unpack(there + move, now))[j] - slope[j]) / 1e-3
            except (ParameterError, DegenerateFitError):
                continue
            if bend != 0 and abs(slope[j] / bend) > FAR and abs(slope[j]) > 1e-7 and self._is_known(stats, now, j, slope[j]):
                raise ModelError(
                    f"{who} is wrong: it does not maximise the expected log-likelihood, which at its value of {names[j]} still "
                    f"has a slope of {slope[j]:.3g} (a maximum some {abs(slope[j] / bend):.2g} away, in free coordinates)."
                )

    def _is_known(self, stats: Any, now: P, j: int, slope: float) -> bool:
        """Whether anything is expected a little further up the slope: a bound may end there, and an M-step with it."""
        ahead = self._coordinates.pack(now)
        ahead[j] += np.copysign(1e-3, slope)
        return self._model.expected(stats, self._params, self._coordinates.unpack(ahead, now)).value > -np.inf

    def _end_of_em(self, here: Evaluation[P]) -> str:
        for _ in range(PASSES):
            there = self._em(here.update)
            if there.objective < here.objective - FELL * (1 + abs(here.objective)):
                break
            settled = there.objective - here.objective <= 1e-12 * (1 + abs(here.objective))
            here = there
            if settled:
                break
        point = self._coordinates.pack(here.params)
        inside = self._inside(here.params, point)
        for j in np.flatnonzero(inside):
            move = np.zeros_like(point)
            move[j] = 1e-3
            heights = [self._em.objective(self._coordinates.unpack(point + sign * move, here.params)) for sign in (1, -1)]
            gain = max(heights) - here.objective
            if gain > 1e-3 * abs(sum(heights) / 2 - here.objective) + 1e-8 * (1 + abs(here.objective)):
                name = self._coordinates.entry_names(here.params)
                raise ModelError(
                    f"{self._name}: EM ends where the log-likelihood still rises (by {gain:.2g} within 1e-3 of it, in "
                    f"coordinate {j} of {', '.join(name[:4])}{' ...' if len(name) > 4 else ''}). So e_step or m_step is wrong; "
                    "write expected(stats, before, now) to be told which."
                )
        return "EM ends where the log-likelihood has no slope (write `expected` to have each looked at alone)."

    def _ascends(self, here: Evaluation[P]) -> str:
        for number in range(1, 6):
            there = self._em(here.update)
            if there.objective < here.objective - FELL * (1 + abs(here.objective)):
                raise ModelError(
                    f"{self._name}: EM step {number} lowers the objective, {here.objective:.10g}, to {there.objective:.10g}; "
                    "E-step and M-step do not belong together."
                )
            here = there
        return "five EM steps, none of which falls."
