"""Laws of the contract: what an expected log-likelihood must be, what may be looked at, and what must travel."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import emkit as ek
from emkit.core.parameters import leaves
from emkit.core.statistics import add_up
from emkit.data.profile import Levels
from emkit.data.source import RowSource
from emkit.inference.differences import jacobian
from tests.laws.maxima import expected_log_likelihood, random_point
from tests.laws.sums import assert_same_bits, numbers

Array = np.ndarray


class ChunksOnly(RowSource):
    """The rows of another source, of which nothing can be had but chunks."""

    def __init__(self, source: ek.ArraySource) -> None:
        self._source, self.columns, self.rows, self.total_weight = source, source.columns, source.rows, source.total_weight

    @property
    def levels(self) -> Levels:
        return self._source.levels

    def chunks(self) -> Iterator[ek.Chunk]:
        return self._source.chunks()

    def sample(self, rows: int = 5_000) -> ek.ArraySource:
        return self._source.sample(rows)


@contextmanager
def elsewhere() -> Iterator[Any]:
    """An executor that sends the function and every cut through a pickle, as one on other machines does."""

    def there(function: Any, source: Any) -> Any:
        sent = pickle.dumps(function)
        cuts = [pickle.dumps(cut) for cut in source.cuts()]
        return add_up(pickle.loads(pickle.dumps(pickle.loads(sent)(pickle.loads(cut).load()))) for cut in cuts)

    yield there


def assert_expected_is_q(
    model: Any, params: Any, x: Array, rng: np.random.Generator, inside: bool = False, apart: float = 1e-2
) -> None:
    """`expected` is Q up to a constant, wherever it is asked for near the parameters of the E-step; its slopes are Q's.

    `inside`: the family has latent variables of its own, so that `expected` is a bound which touches Q at these parameters.
    `apart`: the step of differences.
    """
    source = ek.ArraySource(x)
    stats = ek.EMMap(model, source, params).expectation(params).statistics
    coordinates = model.coordinates(params)
    direct = expected_log_likelihood(model, params, params, source)
    own = model.expected(stats, params, params).value
    for spread in (1e-3, 0.1):
        there = random_point(model, params, rng, spread)
        rise = expected_log_likelihood(model, there, params, source) - direct
        found = model.expected(stats, params, there).value - own
        off = found - rise if inside else abs(found - rise)
        assert off <= 1e-9 * (1 + abs(direct)), f"expected rises by {found!r}, Q by {rise!r}, {spread:g} away"
        slopes = coordinates.pull(there, model.expected(stats, params, there).slopes)
        values = lambda v, there=there: np.array([model.expected(stats, params, coordinates.unpack(v, there)).value])  # noqa: E731
        numeric = jacobian(values, coordinates.pack(there), np.full(coordinates.size, apart))[0] if coordinates.size else slopes
        off = np.abs(slopes - numeric).max(initial=0.0)
        assert off <= 1e-6 * (1 + np.abs(numeric).max(initial=0.0)), f"a slope of expected is off by {off:.3g}"


def assert_expected_touches_q(model: Any, params: Any, x: Array) -> None:
    """At the parameters of the E-step, `expected` has the slopes of Q."""
    source = ek.ArraySource(x)
    stats = ek.EMMap(model, source, params).expectation(params).statistics
    coordinates = model.coordinates(params)
    slopes = coordinates.pull(params, model.expected(stats, params, params).slopes)
    direct = lambda v: np.array([expected_log_likelihood(model, coordinates.unpack(v, params), params, source)])  # noqa: E731
    numeric = jacobian(direct, coordinates.pack(params), np.full(coordinates.size, 1e-2))[0]
    off = np.abs(slopes - numeric).max()
    assert off <= 1e-6 * (1 + np.abs(numeric).max()), f"a slope of expected is off by {off:.3g} from that of Q"


def assert_an_empty_chunk_is_neutral(model: Any, params: Any, x: Array) -> None:
    """No rows add nothing, and change no shape."""
    source = ek.ArraySource(x)
    (chunk,) = source.chunks()
    whole = model.e_step(params, chunk)
    nothing = model.e_step(params, ek.Chunk(chunk.x[:0], chunk.weights[:0]))
    assert_same_bits(whole + nothing, whole, "an empty chunk is not neutral")
    assert not numbers(nothing).any(), "an empty chunk has statistics of its own"


def assert_chunks_are_enough(model: Any, params: Any, x: Array, apart: float = 0.0) -> None:
    """Check, settling, floors and passes look at chunks and at the profile, and at nothing else of a source.

    `apart`: how far from each other both may end, where means of the profile, which rounding makes differ, enter the sums.
    """
    source = ek.ArraySource(x, chunk_rows=max(len(x) // 3, 1))
    one, other = (ek.fit(model, given, params, max_evaluations=4) for given in (source, ChunksOnly(source)))
    found, wanted = numbers(other.params), numbers(one.params)
    assert np.all(np.abs(found - wanted) <= apart * (1 + np.abs(wanted))), "a source of chunks leads elsewhere"
    assert other.degenerate == one.degenerate
    assert other.boundary == one.boundary


def assert_updates_are_admissible(model: Any, params: Any, x: Array, weights: Array) -> None:
    """What an M-step returns lies in the spaces of its fields, also where it says so itself, and cannot be written to."""
    source = ek.ArraySource(x, weights)
    for leaf in leaves(ek.EMMap(model, source, params)(params).update):
        leaf.space.check(leaf.value, leaf.path)
        kept = leaf.value.ndim == 0 or not leaf.value.flags.writeable
        assert kept, f"{leaf.path} can be written to"


def assert_travels(model: Any, params: Any, x: Array) -> None:
    """A pass over chunks that were sent elsewhere has the same bits; so has one over a source that was stored."""
    source = ek.ArraySource(x, chunk_rows=max(len(x) // 3, 1))
    here = ek.EMMap(model, source, params).expectation(params)
    with elsewhere() as there:
        assert_same_bits(ek.EMMap(model, source, params, there).expectation(params), here, "sent elsewhere, a pass is another")
    stored = pickle.loads(pickle.dumps(source))
    assert_same_bits(ek.EMMap(model, stored, params).expectation(params), here, "stored, a source is another")


def assert_drawn_follow(family: Any, params: Any, sample: Array, k: int, rng: np.random.Generator) -> None:
    """Rows that the family draws from a component have the means and mixed second moments of rows drawn without its help."""
    components, given = np.full(len(sample), k), family.conditional
    drawn = family.draw(params, rng, components) if given is None else given.drawn(params, rng, components, sample)
    assert drawn.shape == sample.shape
    pairs = [
        np.column_stack([x, *(x[:, i] * x[:, j] for i in range(x.shape[1]) for j in range(i + 1))]) for x in (drawn, sample)
    ]
    gap = pairs[0].mean(axis=0) - pairs[1].mean(axis=0)
    error = np.sqrt(sum(p.var(axis=0) / len(p) for p in pairs))
    worst = np.abs(gap / np.where(error > 0, error, 1.0)).max()
    assert worst < 5, f"rows drawn from component {k} differ by {worst:.1f} standard errors"
