"""The bootstrap: what the estimates would have been, had the data been a little different."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array, readonly
from emkit.core.checks import check_count, check_range
from emkit.core.json_types import Json
from emkit.core.onlooker import seen
from emkit.core.protocols import Executor
from emkit.data.chunk import Chunk
from emkit.data.stand_ins import refuse_stand_ins
from emkit.errors import ModelError
from emkit.fitted import AnyFitted
from emkit.inference.standard_errors import StandardErrors
from emkit.markup import table_as_html
from emkit.selection.alignment import Alignment, aligned
from emkit.selection.bootstrap_intervals import acceleration_from, bca, percentile
from emkit.selection.refits import Refits
from emkit.selection.resampling import dealt, of_units, resampling_named, rows_in_memory
from emkit.selection.workers import Counted, each_of, seed_from, to_send

LEFT_OUT = 200  # times at most that some rows are left out, for the acceleration of intervals
LEAST_LEVEL = 1e-9
METHODS = ("percentile", "bca")
EDGE = "the estimate lies on the boundary of its space, or a floor holds it"


class Replicate(NamedTuple):
    """One estimate from other data: its `entries` (q,), all NaN if it failed; what went wrong with it, if anything did.

    `doubtful`: whether it is in doubt which of its components is which.
    """

    entries: Array
    log_likelihood: float
    trouble: str = ""
    doubtful: bool = False

    @property
    def failed(self) -> bool:
        return bool(self.log_likelihood == -np.inf)


Watch = Callable[[Iterator[Replicate]], Iterator[Replicate]]


def all_of_them(replicates: Iterator[Replicate]) -> Iterator[Replicate]:
    """Pass every replicate on."""
    return replicates


@dataclass(frozen=True, eq=False)
class _Work:
    """What a process needs to know to make some of the replicates."""

    fitted: AnyFitted
    kind: str
    seed: int

    def __call__(self, places: range) -> list[Replicate]:
        whole, draw = rows_in_memory(self.fitted.occurring), resampling_named(self.kind)
        seeds = (np.random.SeedSequence(self.seed, spawn_key=(place,)) for place in places)
        return self.refitted([draw(self.fitted, whole, np.random.default_rng(seed)) for seed in seeds])

    def refitted(self, chunks: list[Chunk]) -> list[Replicate]:
        """The replicates from given rows."""
        model, params = self.fitted.model, self.fitted.params
        alignment = Alignment.to(model, params, self.fitted.occurring)
        coordinates = model.coordinates(params)
        nothing = np.full(len(coordinates.entry_names(params)), np.nan)
        made = []
        for refit in Refits(model, self.fitted.occurring, params).to(chunks):
            if refit.params is None:
                made.append(Replicate(nothing, -np.inf, refit.trouble))
                continue
            found, doubtful = aligned(alignment, refit.params)
            made.append(Replicate(coordinates.entries(found), refit.log_likelihood, refit.trouble, doubtful))
        return made


@dataclass(frozen=True, eq=False, repr=False)
class Bootstrap:
    """Estimates from data made anew, `kind` by `kind` of resampling, each from a short run that begins at the estimate.

    `made` are all replicates in their order. Those that failed have no estimates, and nothing here includes them; those whose
    components may be taken for each other are counted, and included. Made by `Result.bootstrap`.
    """

    fitted: AnyFitted
    kind: str
    seed: int
    made: tuple[Replicate, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.made)

    def more(self, number: int, *, n_jobs: int | Executor | None = None, watch: Watch = all_of_them) -> Bootstrap:
        """So many replicates more: the same, to the last bit, as if all had been made at once, by any number of processes.

        `n_jobs`: processes (None: this one; -1: as many as there are cores), or an executor such as `ek.Dask`. `watch` wraps
        the stream of replicates, as tqdm does; what it does not pass on is not kept.
        Errors: ModelError for a number that cannot be.
        """
        check_count("the number of replicates", number, ModelError)
        work = _Work(to_send(self.fitted), self.kind, self.seed)
        block = Refits(self.fitted.model, self.fitted.occurring, self.fitted.params).block(
            round(self.fitted.occurring.total_weight)
        )
        last, kept = len(self) + number, len(self) // block * block  # a block that was begun is made as a whole
        blocks = [range(first, min(first + block, last)) for first in range(kept, last, block)]
        stream = (each for some in each_of(work, blocks, n_jobs) for each in some)
        return replace(self, made=(*self.made[:kept], *watch(seen(Counted(stream, last - kept), "replicate"))))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """A name for each of the q numbers that are estimated."""
        return tuple(self.fitted.model.coordinates(self.fitted.params).entry_names(self.fitted.params))

    @cached_property
    def estimates(self) -> Array:
        """What the fit says, shape (q,)."""
        return readonly(self.fitted.model.coordinates(self.fitted.params).entries(self.fitted.params))

    @cached_property
    def replicates(self) -> Array:
        """The estimates from other data, shape (B, q), without those that failed."""
        kept = [each.entries for each in self.made if not each.failed]
        return readonly(np.array(kept).reshape(len(kept), len(self.names)))

    @cached_property
    def log_likelihoods(self) -> Array:
        """Of each of the `replicates`, that of its own data, shape (B,)."""
        return readonly(np.array([each.log_likelihood for each in self.made if not each.failed]))

    @property
    def failed(self) -> int:
        """How many replicates have no estimates."""
        return sum(each.failed for each in self.made)

    @property
    def doubtful(self) -> int:
        """Of how many it is in doubt which of their components is which."""
        return sum(each.doubtful for each in self.made)

    @property
    def troubles(self) -> dict[str, int]:
        """What went wrong, and how often."""
        return dict(Counter(each.trouble for each in self.made if each.trouble))

    @property
    def reasons(self) -> dict[str, str]:
        """For estimates without standard error and interval, why."""
        return dict.fromkeys(self.fitted.boundary, EDGE)

    def standard_errors(self) -> StandardErrors:
        """The standard deviations of the replicates, and their covariance; NaN where estimates are on an edge or a floor.

        Errors: ModelError if there are fewer than two replicates.
        """
        if len(self.replicates) < 2:
            raise ModelError(
                f"{len(self.replicates)} of {len(self)} replicates have estimates; 2 are needed, and 200 tell more."
            )
        covariance = np.atleast_2d(np.cov(self.replicates, rowvar=False))
        fixed = self._fixed
        covariance[fixed, :] = covariance[:, fixed] = np.nan
        return StandardErrors(
            self.names, self.estimates, np.sqrt(np.diag(covariance)), covariance, self.reasons, f"{self.kind} bootstrap"
        )

    def intervals(self, level: float = 0.95, method: str = "percentile") -> Array:
        """Confidence intervals (q, 2) of all estimates, in the order of `names`; NaN where there is none: see `reasons`.

        `method`: "percentile", or "bca" (bias-corrected and accelerated), for which the model is fitted up to 200 times more,
        with some rows left out. Errors: ModelError for a level or method that cannot be, fewer than two replicates, or "bca" of
        rows that stand for others.
        """
        check_range("level", level, ModelError, "it must lie between 0 and 1, such as 0.95", LEAST_LEVEL, 1)
        if method not in METHODS:
            raise ModelError(f"method is {method!r}; it must be one of {', '.join(METHODS)}.")
        if len(self.replicates) < 2:
            raise ModelError(f"{len(self.replicates)} of {len(self)} replicates have estimates; intervals need hundreds.")
        by_rank = percentile(self.replicates, level)
        found = by_rank if method == "percentile" else bca(self.replicates, self.estimates, self.acceleration, level)
        found[self._fixed] = np.nan
        return found

    @cached_property
    def acceleration(self) -> Array:
        """How fast the standard error changes with the estimate, shape (q,): from estimates with some rows left out."""
        source = self.fitted.source
        refuse_stand_ins(source, "none can be left out: use method='percentile', or fit the rows themselves.")
        whole = rows_in_memory(source)
        units = whole.group_weights
        outs, counts = _left_out(units, np.random.default_rng(self.seed))
        chunks = [of_units(whole, units - out) for out in outs]
        work = _Work(self.fitted, self.kind, self.seed)
        size = Refits(self.fitted.model, source, self.fitted.params).block(len(whole.x))
        made = [each for first in range(0, len(chunks), size) for each in work.refitted(chunks[first : first + size])]
        kept = [i for i, each in enumerate(made) if not each.failed]
        return acceleration_from(np.array([made[i].entries for i in kept]), self.estimates, np.array(counts)[kept])

    @property
    def _fixed(self) -> Any:
        reasons = self.reasons
        return np.array([name in reasons for name in self.names], dtype=bool)

    @property
    def sentence(self) -> str:
        """How many replicates there are, of which kind, and what went wrong."""
        kind = {"bayesian": "Bayesian"}.get(self.kind, self.kind)
        said = f"{len(self.replicates):,} replicates of the {kind} bootstrap"
        if self.failed:
            said += f"; {self.failed:,} more failed"
        if self.doubtful:
            said += f"; in {self.doubtful:,} it is in doubt which component is which"
        why = "; ".join(f"{times:,} times: {trouble.rstrip('.')}" for trouble, times in self.troubles.items())
        return f"{said} ({why})." if why else f"{said}."

    def __repr__(self) -> str:
        return f"Bootstrap({self.sentence})"

    def _repr_html_(self) -> str:
        columns: dict[str, Sequence[object]] = {"parameter": self.names, "estimate": self.estimates.tolist()}
        if len(self.replicates) >= 2:
            lower, upper = self.intervals().T.tolist()
            columns |= {"std. error": self.standard_errors().errors.tolist(), "2.5 %": lower, "97.5 %": upper}
        return table_as_html(columns, self.sentence)

    def to_dict(self, level: float = 0.95) -> Json:
        """Plain values for JSON: standard errors and percentile intervals by name, and what went wrong."""
        errors, bounds = self.standard_errors(), self.intervals(level)
        rows = zip(self.names, self.estimates.tolist(), errors.errors.tolist(), bounds.tolist(), strict=True)
        return {
            "kind": self.kind,
            "replicates": len(self.replicates),
            "failed": self.failed,
            "doubtful": self.doubtful,
            "troubles": self.troubles,
            "level": level,
            "parameters": [
                {"name": name, "estimate": estimate, "standard_error": error, "interval": interval}
                for name, estimate, error, interval in rows
            ],
        }


def _left_out(units: Array, rng: np.random.Generator) -> tuple[list[Array], list[float]]:
    """What of each unit (G,) is left out, time by time, and how many times that stands for."""
    counted = dealt(units, LEFT_OUT, rng) if len(units) > LEFT_OUT and (units != 1).any() else None
    if counted is not None:
        return counted, [1.0] * len(counted)
    outs, counts = [], []
    for part in range(min(len(units), LEFT_OUT)):
        out, some = np.zeros(len(units)), slice(part, None, LEFT_OUT)
        alone = len(units[some]) == 1
        out[some] = np.minimum(1.0, units[some]) if alone else units[some]
        outs.append(out)
        counts.append(max(1.0, float(units[part])) if alone else 1.0)
    return outs, counts


def bootstrap(
    fitted: AnyFitted,
    number: int,
    kind: str = "parametric",
    random_state: Any = None,
    n_jobs: int | Executor | None = None,
    watch: Watch = all_of_them,
) -> Bootstrap:
    """So many replicates of a fit.

    Errors: ModelError for a model that has no maximum to return to, and those of `Bootstrap.more`.
    """
    resampling_named(kind)
    if not fitted.model.ascends:
        raise ModelError("a model whose E-step draws at random has no estimate that a replicate could be compared with.")
    return Bootstrap(fitted, kind, seed_from(random_state)).more(number, n_jobs=n_jobs, watch=watch)
