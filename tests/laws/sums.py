"""Laws of the E-step: what adds up, what weights mean, and what order must not matter."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

import emkit as ek
from emkit.core.mapreduce import threads
from emkit.core.parameters import leaves, replace_at
from tests.laws.latent import complete

Array = np.ndarray


def numbers(value: Any) -> Array:
    """Every number in a nest of dataclasses, tuples, arrays and parameters, as one vector."""
    if is_dataclass(value):
        value = tuple(getattr(value, f.name) for f in fields(value))
    if isinstance(value, tuple):
        return np.concatenate([np.empty(0), *(numbers(item) for item in value if not isinstance(item, str))])
    return np.ravel(np.asarray(value, dtype=np.float64))


def expectation(model: Any, params: Any, x: Array, weights: Any = None, chunk_rows: int | None = None, **options: Any) -> Any:
    source = ek.ArraySource(x, weights, chunk_rows=chunk_rows)
    return ek.EMMap(model, source, params, **options).expectation(params)


def assert_same_bits(a: Any, b: Any, message: str) -> None:
    assert np.array_equal(numbers(a), numbers(b)), message


def assert_close(a: Any, b: Any, scale: Array, message: str) -> None:
    """Equal to 1e-12 of `scale`, the sums of absolute values (a sum that cancels has no digits of its own)."""
    one, other = numbers(a), numbers(b)
    same = one == other  # infinite ends, too
    off = np.abs(np.where(same, 0.0, one) - np.where(same, 0.0, other))
    assert np.all(off <= 1e-12 * scale), f"{message}: off by {(off / scale).max():.3g} of the scale of the sums"


def magnitude(model: Any, params: Any, x: Array, weights: Any = None) -> Array:
    """The sums over rows of the absolute value of every number in an expectation, and 1 at least."""
    w = np.ones(len(x)) if weights is None else weights
    rows = [np.abs(numbers(expectation(model, params, x[i : i + 1], w[i : i + 1]))) for i in range(len(x)) if w[i] > 0]
    whole = np.abs(numbers(expectation(model, params, x, w)))
    if len(whole) != len(rows[0]):  # statistics that keep rows: nothing cancels
        return np.maximum(whole, 1.0)
    return np.maximum(np.sum(rows, axis=0), 1.0)


def assert_adds_up(model: Any, params: Any, x: Array, sizes: tuple[int, ...] = (1, 7, 1000)) -> None:
    """However the rows are cut into chunks, the sums are the same: up to 200 chunks of each size.

    What the sums are of is looked at in 200 rows, one by one, and many rows are so many times as large.
    """
    few = magnitude(model, params, x[:200])
    for size in sizes:
        rows = x[: 200 * size]
        whole = expectation(model, params, rows, chunk_rows=len(rows))
        cut = expectation(model, params, rows, chunk_rows=size)
        scale = (
            few * (len(rows) / min(200, len(x))) if len(few) == len(numbers(whole)) else np.maximum(np.abs(numbers(whole)), 1.0)
        )
        assert_close(cut, whole, scale, f"statistics do not add up in chunks of {size}")


def assert_executors_agree(model: Any, params: Any, x: Array) -> None:
    """With the same chunks, any number of threads gives the same bits."""
    serial = expectation(model, params, x, chunk_rows=7)
    for count in (1, 2, 3):
        with threads(count) as executor:
            spread = expectation(model, params, x, chunk_rows=7, map_reduce=executor)
        assert_same_bits(spread, serial, f"{count} threads give other bits than one loop")


def assert_weights_are_copies(model: Any, params: Any, x: Array, rng: np.random.Generator) -> None:
    weights = rng.integers(1, 4, len(x)).astype(float)
    weighted = expectation(model, params, x, weights)
    copied = expectation(model, params, np.repeat(x, weights.astype(int), axis=0))
    assert_close(weighted, copied, magnitude(model, params, x, weights), "a weight of 2 is not two copies")


def assert_weight_zero_is_absence(model: Any, params: Any, x: Array, stranger: Array, source: Any = ek.ArraySource) -> None:
    """Rows of weight 0 (`stranger` among them) leave no trace, not even in the last bit."""
    weights = np.ones(len(x))
    weights[::5] = 0
    with_stranger = np.concatenate([x[:3], stranger[None], x[3:]])
    present = source(with_stranger, np.insert(weights, 3, 0.0), chunk_rows=11)
    absent = source(x[weights > 0], chunk_rows=11)
    present, absent = (ek.EMMap(model, rows, params).expectation(params) for rows in (present, absent))
    assert_same_bits(present, absent, "a row of weight 0 leaves a trace")


def assert_rows_permute(model: Any, params: Any, x: Array, rng: np.random.Generator) -> None:
    shuffled = expectation(model, params, x[rng.permutation(len(x))])
    assert_close(shuffled, expectation(model, params, x), magnitude(model, params, x), "the order of the rows changes the sums")


def _one_em_step(model: Any, params: Any, x: Array) -> tuple[float, Any]:
    here = ek.EMMap(model, ek.ArraySource(x), params)(params)
    return here.log_likelihood, here.update


def _assert_same_step(found: tuple[float, Any], wanted: tuple[float, Any], message: str) -> None:
    assert abs(found[0] - wanted[0]) <= 1e-12 * (1 + abs(wanted[0])), f"{message}: the log-likelihood differs"
    np.testing.assert_allclose(numbers(found[1]), numbers(wanted[1]), rtol=1e-9, atol=1e-11, err_msg=message)


def assert_columns_permute(case: Any, family: Any, x: Array, order: Array) -> None:
    model = ek.Mixture(family)

    def exchanged(params: Any) -> Any:
        return ek.MixtureParams(params.proportions, case.exchange_columns(params.components, order))

    log_likelihood, update = _one_em_step(model, case.mixture, x)
    step = _one_em_step(model, exchanged(case.mixture), x[:, order])
    _assert_same_step(step, (log_likelihood, exchanged(update)), "the order of the columns matters")


def components_in_order(params: Any, order: Array, shared: tuple[str, ...]) -> Any:
    def own(leaf: Any) -> Any:
        scope = leaf.scope("component")
        return order if scope is None else [scope.places.index(k) for k in order if k in scope.places]

    every = (leaf for leaf in leaves(params) if leaf.path.removeprefix("components.") not in shared)
    return replace_at(params, {leaf.path: leaf.value[own(leaf)] for leaf in every})


def assert_components_permute(model: Any, params: Any, shared: tuple[str, ...], x: Array, order: Array) -> None:
    log_likelihood, update = _one_em_step(model, params, x)
    step = _one_em_step(model, components_in_order(params, order, shared), x)
    _assert_same_step(step, (log_likelihood, components_in_order(update, order, shared)), "the order of the components matters")


def assert_log_likelihood_is_direct(model: Any, params: Any, x: Array, weights: Array) -> None:
    """The E-step's log-likelihood is sum_i w_i log sum_k p(x_i, z=k), and the objective is never above it."""
    source = ek.ArraySource(x, weights)
    (chunk,) = source.chunks()
    listed = complete(model, params, chunk)
    direct = float(listed.weights @ logsumexp(listed.log_joint, axis=1))
    total = ek.EMMap(model, source, params).expectation(params)
    assert abs(total.log_likelihood - direct) <= 1e-12 * (1 + abs(direct)), (
        f"the E-step's log-likelihood {total.log_likelihood!r} is not the direct sum {direct!r}"
    )
    assert total.gap >= 0, "the objective lies above the log-likelihood"
    assert abs(total.rows - listed.weights.sum()) <= 1e-12 * total.rows, "the rows are not the sum of the weights"


def assert_roads_agree(model: Any, params: Any, x: Array) -> None:
    """The compiled E-step of large chunks gives what the plain one gives."""
    source = ek.ArraySource(x, chunk_rows=len(x))
    (chunk,) = source.chunks()
    plain, fast = model.plain_e_step(params, chunk), model.e_step(params, chunk)
    assert abs(fast.log_likelihood - plain.log_likelihood) <= 1e-10 * (1 + abs(plain.log_likelihood)), "other log-likelihood"
    a, b = numbers(model.m_step(fast.statistics, params)), numbers(model.m_step(plain.statistics, params))
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10, err_msg="the compiled E-step leads to another M-step")
