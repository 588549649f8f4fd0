"""Is the larger model worth it? The likelihood-ratio statistic, held against its distribution under the smaller model.

That distribution is no chi-square where the smaller model lies on an edge of the larger one, or nothing tells what this has
more: under it, a component of the larger one has no share, or is another one, and a variance is 0.
Source: McLachlan (1987), Applied Statistics 36, 318-324.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from emkit.core.arrays import Array, readonly
from emkit.core.checks import check_count
from emkit.core.evaluation import STUMBLES
from emkit.core.json_types import Json
from emkit.core.mapreduce import one_thread
from emkit.core.onlooker import seen
from emkit.core.protocols import Executor
from emkit.core.ready import ready
from emkit.core.solvers import Anderson
from emkit.core.stopping import Rule, Settled
from emkit.data.chunk import Chunk
from emkit.data.source import ArraySource, RowSource
from emkit.errors import EmkitError, EmkitWarning, ModelError, some_of
from emkit.fitted import AnyFitted, Fitted
from emkit.fitting import MAX_EVALUATIONS, default_rules, fit_each
from emkit.models.components import Components
from emkit.models.frozen import bare
from emkit.models.mixture import Mixture
from emkit.models.order import component_count
from emkit.search.plan import PLAN
from emkit.search.rank import is_spike
from emkit.search.search import Long, search
from emkit.search.seeding import Begin, begin
from emkit.selection.neighbours import grown
from emkit.selection.resampling import as_rows, parametric, rows_in_memory
from emkit.selection.rising import risen
from emkit.selection.workers import Counted, each_of, seed_from, to_send

STARTS = 8  # of either model for every data set, besides the estimates,
BRIEF = replace(PLAN, rounds=1, most_rounds=1, moves=8)  # and fewer moves: those of the larger model begin at the smaller one
ENOUGH = 1e-6  # of a log-likelihood left to gain: statistics are of the size of 1
TASK = 4  # data sets that a process is given at a time
LOWER = 1e-7  # of a log-likelihood: a larger model that is lower by more has not found the smaller one
SURE = 0.95  # level of the Monte Carlo interval of the p-value

Watch = Callable[[Iterator[float]], Iterator[float]]


def all_of_them(statistics: Iterator[float]) -> Iterator[float]:
    """Pass every statistic on."""
    return statistics


@dataclass(frozen=True, eq=False, repr=False)
class BootstrapTest:
    """The test of a `smaller` model against a `larger` one. Made by `bootstrap_lrt`, of one component more, or `Result.test`.

    `made` are the statistics of data drawn from the smaller one, in order: NaN where one of the two could not be fitted.
    """

    smaller: AnyFitted
    larger: AnyFitted
    seed: int
    made: tuple[float, ...] = ()

    def more(self, number: int, *, n_jobs: int | Executor | None = None, watch: Watch = all_of_them) -> BootstrapTest:
        """So many data sets more: the same as if all had been drawn at once, by any number of processes.

        `watch` wraps the stream of statistics (`ek.progress()`). Errors: ModelError for a number that cannot be.
        """
        check_count("the number of replicates", number, ModelError)
        first, last = len(self.made), len(self.made) + number
        tasks = [range(at, min(at + TASK, last)) for at in range(first, last, TASK)]
        work = _Drawn(to_send(self.smaller), to_send(self.larger), self.seed)
        stream = (each for some in each_of(work, tasks, n_jobs) for each in some)
        return replace(self, made=(*self.made, *watch(seen(Counted(stream, number), "data set"))))

    @property
    def components(self) -> tuple[int, int]:
        """The numbers of components that are compared."""
        return _number(self.smaller), _number(self.larger)

    @property
    def statistic(self) -> float:
        """Twice the difference of the log-likelihoods."""
        return _ratio(self.smaller, self.larger)

    @cached_property
    def replicates(self) -> Array:
        """The statistics of data drawn from the smaller model, shape (B,), without those that failed."""
        kept = np.array(self.made, dtype=np.float64)
        return readonly(kept[~np.isnan(kept)])

    @property
    def failed(self) -> int:
        """For how many data sets one of the models could not be fitted."""
        return len(self.made) - len(self.replicates)

    @property
    def as_high(self) -> int:
        """How many of the replicates are as high as the statistic."""
        return int((self.replicates >= self.statistic).sum())

    @property
    def p_value(self) -> float:
        """The probability of a statistic as high, were the smaller model true: (those as high + 1) / (all + 1)."""
        return (self.as_high + 1) / (len(self.replicates) + 1)

    @property
    def p_interval(self) -> tuple[float, float]:
        """Between which values the p-value of endless replicates lies, with 95 % confidence (Clopper & Pearson)."""
        if not len(self.replicates):
            return 0.0, 1.0
        from scipy.stats import binomtest

        found = binomtest(self.as_high, len(self.replicates)).proportion_ci(SURE, method="exact")
        return float(found.low), float(found.high)

    @property
    def sentence(self) -> str:
        """The test in words."""
        (one, two), low, high = self.components, *self.p_interval
        free = self.smaller.free_parameters, self.larger.free_parameters
        which = f"{one} against {two} components" if one != two else f"{free[0]} against {free[1]} free parameters"
        said = (
            f"{which}: likelihood-ratio statistic {self.statistic:.4f}, p = {self.p_value:.3g} from "
            f"{len(self.replicates)} replicates (with endlessly many, between {low:.3f} and {high:.3f})."
        )
        return f"{said} {self.failed} more failed." if self.failed else said

    def __repr__(self) -> str:
        return f"BootstrapTest({self.sentence})"

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        return {
            "components": list(self.components),
            "statistic": self.statistic,
            "p_value": self.p_value,
            "p_interval": list(self.p_interval),
            "replicates": self.replicates.tolist(),
            "failed": self.failed,
        }


def bootstrap_test(
    smaller: AnyFitted, larger: AnyFitted, number: int, random_state: Any, n_jobs: int | Executor | None, watch: Watch
) -> BootstrapTest:
    """The test of two fits to the same data. Errors: ModelError for what cannot be."""
    return BootstrapTest(smaller, larger, seed_from(random_state)).more(number, n_jobs=n_jobs, watch=watch)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Data sets drawn from the smaller model, and the statistic of each."""

    smaller: AnyFitted
    larger: AnyFitted
    seed: int

    def __call__(self, places: range) -> list[float]:
        return [self._statistic(np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(at,)))) for at in places]

    def _statistic(self, rng: np.random.Generator) -> float:
        source = self.smaller.occurring
        rows = as_rows(source, parametric(self.smaller, rows_in_memory(source), rng))
        seed = int(rng.integers(2**31))
        with one_thread(), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", EmkitWarning)
            try:
                begun = [] if _has_one_maximum(self.smaller) else [self.smaller.params]
                one = _highest(self.smaller, rows, seed, begun)
                more = grown(one.model, one.params, rows.profile) if isinstance(one.model, Mixture) else ()
                fitting = [start for start in more if _of_one_kind(start, self.larger.params)]
                two = _highest(self.larger, _beside(self.larger, rows), seed, [self.larger.params, *fitting])
            except (EmkitError, *STUMBLES):
                return float(np.nan)
        return float(np.nan) if any(_useless(each) for each in (one, two)) else _ratio(one, two)


def check_comparable(smaller: AnyFitted, larger: AnyFitted) -> None:
    """Errors: ModelError unless both are fits, of the same rows, and the larger one could have found the smaller one."""
    if not isinstance(larger, Fitted):
        raise ModelError(f"{larger!r:.60} is no fit: give the result of one, such as `larger.result_` of an estimator.")
    if larger.free_parameters <= smaller.free_parameters:
        raise ModelError(
            f"the larger model has {larger.free_parameters} free parameters and the smaller one {smaller.free_parameters}: ask "
            "the smaller fit, and give it the larger one."
        )
    one, two = (rows_in_memory(fit.source) for fit in (smaller, larger))
    mine, other = one.x, two.x
    if smaller.source.columns != larger.source.columns:
        places = _places(smaller.source, larger.source)
        if len(one.x) == len(two.x):
            other = other[:, places]
        if not all((each.weights == 1).all() for each in (one, two)):
            raise ModelError("models of different columns are compared where rows have no weights: repeat the rows instead.")
    for what, own, those in (("rows", mine, other), ("weights", one.weights, two.weights), ("groups", one.groups, two.groups)):
        if not np.array_equal(np.asarray(own, dtype=np.float64), np.asarray(those, dtype=np.float64), equal_nan=True):
            raise ModelError(f"the two fits have not the same {what}: fit both models to the same data, columns in one order.")
    if _integrated(smaller) != _integrated(larger):
        raise ModelError(
            "a restricted likelihood is one of what fixed effects leave, and the two fits have not the same: give both models "
            "the same fixed effects, or fit both by likelihood."
        )
    if larger.log_likelihood < smaller.log_likelihood - LOWER * (1 + abs(smaller.log_likelihood)):
        raise ModelError(
            f"the larger model has the log-likelihood {larger.log_likelihood:.6g}, below {smaller.log_likelihood:.6g} of the "
            "smaller one: this is no case of that, or the larger fit is not at its highest maximum. Fit it from more starts."
        )


def _places(smaller: RowSource, larger: RowSource) -> list[int]:
    """Where the columns of the smaller model lie in the data of the larger one. Errors: ModelError if one does not."""
    lacking = [name for name in smaller.columns if name not in larger.columns]
    if lacking:
        raise ModelError(f"the larger model knows nothing of {some_of(lacking)}, which the smaller one has, and is not larger.")
    return [larger.columns.index(name) for name in smaller.columns]


def _beside(larger: AnyFitted, rows: ArraySource) -> ArraySource:
    """The rows drawn from the smaller model, with those columns of the larger one that the smaller one has not."""
    source = larger.source
    if source.columns == rows.columns:
        return rows
    x = np.array(rows_in_memory(source).x, dtype=np.float64)
    x[:, _places(rows, source)] = rows.x
    return as_rows(source, Chunk(x, rows.weights, 0, rows.groups))


def _integrated(fit: AnyFitted) -> tuple[str, ...] | None:
    """The fixed effects over which a likelihood is integrated; None where none are."""
    effects = fit.effects
    return effects.names if effects is not None and effects.integrated else None


def _highest(like: AnyFitted, rows: ArraySource, seed: int, starts: Sequence[Any]) -> AnyFitted:
    """The highest maximum that these starts, and some of the model's own, lead to."""
    model, number = like.model, _number(like)
    begun = _as_held(begin(model, rows, number, seed, STARTS), like)
    if len(begun.first) == 1 and begun.more is None and begun.narrowed is None:  # nearly always at the one maximum: no race
        settled, each = ready(model, rows, begun.first), [*begun.first, *starts]
        return fit_each(settled, rows, each, solver=Anderson(), rules=_endings(settled), workers=one_thread)
    found = search(model, rows, begun, Long(Anderson(), partial(_endings, model), MAX_EVALUATIONS), BRIEF)
    return risen(found, starts, _endings(model)) or found


def _endings(model: Any, _: int = 0, passes: int = 0) -> tuple[Rule, ...]:
    """When a run is high enough: wherever its parameters go, as towards an edge, a statistic is of the height alone."""
    rules = default_rules(model, ENOUGH, MAX_EVALUATIONS, passes)
    return tuple(Settled(ENOUGH, np.inf) if isinstance(rule, Settled) else rule for rule in rules)


def _as_held(begun: Begin[Any], like: AnyFitted) -> Begin[Any]:
    """The starts with what a wrapped model holds as in the fit; starts of the model alone know nothing of that."""
    model, params = like.model, like.params
    if model.held(params) == bare(model).held(params):
        return begun
    coordinates = model.coordinates(params)
    return replace(begun, first=[coordinates.unpack(coordinates.pack(start), params) for start in begun.first])


def _of_one_kind(one: Any, other: Any) -> bool:
    """Whether parameters are those of the same model: numbers of the same shapes at the same places of the same classes."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.shape == np.shape(other)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_of_one_kind, one, other))
    return not is_dataclass(one) or all(_of_one_kind(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))


def _number(fit: AnyFitted) -> int:
    return component_count(fit.params) or 1


def _has_one_maximum(fit: AnyFitted) -> bool:
    """Whether any start leads there, as of one component."""
    return isinstance(bare(fit.model), Components) and _number(fit) == 1


def _useless(fit: AnyFitted) -> bool:
    return fit.outcome.failed or is_spike(fit.params, fit.model, fit.passes)


def _ratio(smaller: AnyFitted, larger: AnyFitted) -> float:
    return max(0.0, 2 * (larger.log_likelihood - smaller.log_likelihood))
