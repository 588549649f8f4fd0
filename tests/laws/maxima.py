"""Laws of the M-step and of the solvers: what is maximised, what ascends, what is held."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

import emkit as ek
from emkit.core.coordinates import is_under
from emkit.core.parameters import get_at, leaves, replace_at
from emkit.models.around import bare
from tests.laws.floors import settled
from tests.laws.latent import complete, completed

Array = np.ndarray
FALL = 1e-9  # relative to 1 + |objective|: more than this is not rounding


def random_point(model: Any, params: Any, rng: np.random.Generator, spread: float) -> Any:
    """Parameters at a random distance from `params`, in unconstrained coordinates."""
    coordinates = model.coordinates(params)
    return coordinates.unpack(coordinates.pack(params) + spread * rng.standard_normal(coordinates.size), params)


def expected_log_likelihood(model: Any, params: Any, at: Any, source: ek.ArraySource) -> float:
    """Q(params; at) = sum_i w_i sum_k r_ik(at) log p(x_i, z=k; params), from the joint densities alone.

    Where the components have latent states of their own, these are written out, too.
    """
    total = 0.0
    for chunk in source.chunks():
        before, now = complete(model, at, chunk), complete(model, params, chunk)
        inner = bare(model)
        shares = inner.assignment.assign(before.log_joint, before.weights, chunk.start).responsibilities
        joint = now.log_joint
        if hasattr(inner, "family"):
            with np.errstate(divide="ignore", invalid="ignore"):
                states = completed(inner.family, at.components, params.components, chunk.x)
            joint = np.where(shares > 0, joint + (states - inner.family.log_density(params.components, chunk.x)), 0.0)
        terms = np.where(shares > 0, shares * np.where(shares > 0, joint, 0.0), 0.0)
        total += float(now.weights @ terms.sum(axis=1))
    return total


def assert_estimate_beats_neighbours(
    model: Any, params: Any, x: Array, rng: np.random.Generator, weights: Any = None, inside: bool = False
) -> None:
    """No point near the M-step's has a higher expected log-likelihood (plus log-prior).

    `inside`: the family has latent variables of its own, so that this is `expected`, a bound, and not that of rows alone.
    """
    source = ek.ArraySource(x, weights)
    update = ek.EMMap(model, source, params)(params).update
    coordinates = model.coordinates(update)
    here = coordinates.pack(update)
    statistics = ek.EMMap(model, source, params).expectation(params).statistics

    def height(there: Any) -> float:
        if inside:
            return float(model.expected(statistics, params, there).value) + model.log_prior(there)
        return expected_log_likelihood(model, there, params, source) + model.log_prior(there)

    best = height(update)
    moves = [*np.eye(len(here)), *-np.eye(len(here)), *rng.standard_normal((20, len(here)))]
    for length in (1e-4, 1e-2, 0.3):
        for move in moves:
            step = np.where(np.isfinite(here), length * move, 0.0)
            neighbour = coordinates.unpack(here + step, update)
            value = height(neighbour)
            assert value <= best + 1e-11 * (1 + abs(best)), (
                f"a neighbour is better: {value!r} against {best!r}, {length:g} away in {coordinates.entry_names(update)}"
            )


def assert_each_link_beats_its_neighbours(model: Any, params: Any, x: Array, weights: Any, inside: bool = False) -> None:
    """Of a chain of links that are best given each other: no point near a link's, other in its field alone, has a higher Q.

    `inside`: as in `assert_estimate_beats_neighbours`.
    """
    source = ek.ArraySource(x, weights)
    statistics = ek.EMMap(model, source, params).expectation(params).statistics
    now = params

    def height(there: Any) -> float:
        if inside:
            return float(model.expected(statistics, params, there).value)
        return expected_log_likelihood(model, there, params, source)

    for path, update in model.updates().items():
        now = replace_at(now, {path: update(statistics, params, now)})
        others = [other for other in (leaf.path for leaf in leaves(now)) if not is_under(other, [path])]
        coordinates = model.coordinates(now).without(others)
        here = coordinates.pack(now)
        best = height(now)
        for length in (1e-4, 1e-2, 0.3):
            for move in (*np.eye(len(here)), *-np.eye(len(here))):
                value = height(coordinates.unpack(here + length * move, now))
                assert value <= best + 1e-11 * (1 + abs(best)), f"{path}: a neighbour is better, {value!r} against {best!r}"


def assert_estimate_is_on_the_way(
    model: Any, params: Any, x: Array, rng: np.random.Generator, weights: Any, inside: bool = False
) -> None:
    """Where an M-step goes only a part of the way: Q rises from wherever it begins, and steps lead to where it is flat.

    `inside`: Q is `expected`, as of latent variables that are not listed row by row.
    """
    source = ek.ArraySource(x, weights)
    for spread in (0.0, 0.3, 3.0):
        before = random_point(model, params, rng, spread)
        update = ek.EMMap(model, source, before)(before).update
        known = ek.EMMap(model, source, before).expectation(before).statistics

        def height(there: Any, before: Any = before, known: Any = known) -> float:
            if inside:
                return float(model.expected(known, before, there).value)
            return expected_log_likelihood(model, there, before, source)

        gained = [height(there) + model.log_prior(there) for there in (before, update)]
        assert gained[1] >= gained[0] - 1e-11 * (1 + abs(gained[0])), f"Q falls: from {gained[0]!r} to {gained[1]!r}"
    one = ek.EMMap(model, source, params)
    coordinates, now = one.coordinates, params
    for _ in range(40):
        before = now
        stats = one.expectation(before).statistics
        now = model.m_step(stats, before)
    stats = one.expectation(now).statistics
    slope = coordinates.pull(now, model.expected(stats, now, now).slopes)
    first = coordinates.pull(params, model.expected(one.expectation(params).statistics, params, params).slopes)
    assert np.abs(slope).max() < np.abs(first).max(), "steps lead away from where the log-likelihood has no slope"


def assert_k1_is_closed_form(family: Any, x: Array, weights: Array, wanted: list[Any], start: Any) -> None:
    """With one component, one EM step from anywhere, and `pooled`, are the maximum-likelihood estimate."""
    source = ek.ArraySource(x, weights)
    one = ek.MixtureParams([1.0], start)
    step = ek.EMMap(ek.Mixture(family), source, one)(one).update
    for found in (step.components, family.pooled(source.profile, 1)):
        for leaf, value in zip(leaves(found), wanted, strict=True):
            np.testing.assert_allclose(
                np.ravel(leaf.value), np.ravel(value), rtol=1e-7, err_msg=f"{leaf.path} is not the closed form"
            )


def objectives(model: Any, source: Any, start: Any, solver: Any, steps: int) -> Array:
    """The objective along a run, shape (up to steps + 1,): it may end early where a component degenerates."""
    em = ek.EMMap(model, source, start)
    values = []
    try:
        for step in islice(ek.iterate(em, start, solver), steps + 1):
            values.append(step.here.objective)
    except (ek.DegenerateFitError, ek.ParameterError):
        pass
    return np.array(values)


def falls(values: Array) -> int:
    """How many steps went down by more than rounding."""
    return int(np.sum(np.diff(values) < -FALL * (1 + np.abs(values[:-1]))))


def assert_ascends(model: Any, source: Any, start: Any, solver: Any, steps: int) -> int:
    """The objective never falls; returns how many steps were looked at."""
    values = objectives(settled(model, source), source, start, solver, steps)
    assert falls(values) == 0, f"the objective fell: {values[np.r_[np.diff(values) < 0, False]][:3]}"
    return len(values) - 1


def assert_solvers_agree(model: Any, data: Any, start: Any, solvers: dict[str, Any]) -> None:
    """Every solver ends at the same optimum."""
    results = {name: ek.fit(model, data, start, solver=solver) for name, solver in solvers.items()}
    for name, result in results.items():
        assert result.converged, f"{name}: {result.outcome}"
    values = [result.objective for result in results.values()]
    assert np.ptp(values) <= 1e-8, f"solvers end at different optima: {dict(zip(results, values, strict=True))}"


def assert_held_stay(model: Any, params: Any, paths: tuple[str, ...], x: Array, solver: Any) -> None:
    """Held parameters keep their bits, and are not counted as free."""
    result = ek.fit(model, x, params, solver=solver, rules=[ek.stopping.Budget(20)])
    for path in paths:
        before, after = (list(leaves_at(p, path)) for p in (params, result.params))
        assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True)), f"{path} is held but moved"
    bare = model.model.coordinates(params)
    held = sum(leaf.space.size(leaf.value.shape) for leaf in bare.free(params) if leaf.path.startswith(paths))
    assert model.coordinates(params).size == bare.size - held, "a held parameter is counted as free"


def leaves_at(params: Any, path: str) -> Any:
    value = get_at(params, path)
    if isinstance(value, tuple):
        return [leaf.value for item in value for leaf in leaves(item)]
    return [leaf.value for leaf in leaves(value)] if isinstance(value, ek.Parameters) else [value]


def assert_round_trip(model: Any, params: Any, rng: np.random.Generator) -> None:
    """Parameters survive packing, any vector survives unpacking, and there are as many coordinates as free parameters."""
    coordinates = model.coordinates(params)
    there = coordinates.pack(params)
    assert there.shape == (coordinates.size,), "the number of coordinates is not that of free parameters"
    again = coordinates.unpack(there, params)
    for before, after in zip(leaves(params), leaves(again), strict=True):
        np.testing.assert_allclose(after.value, before.value, rtol=1e-13, err_msg=f"{before.path} does not survive packing")
    for _ in range(5):
        vector = rng.standard_normal(coordinates.size)
        np.testing.assert_allclose(
            coordinates.pack(coordinates.unpack(vector, params)),
            vector,
            rtol=1e-10,
            atol=1e-10,
            err_msg="a vector does not survive unpacking",
        )
