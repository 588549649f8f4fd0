"""Every model whose latent variables are continuous, with parameters and rows drawn near them: the list that laws run over."""

from __future__ import annotations

from typing import Any

import numpy as np

import emkit as ek
from tests.cases import ModelCase, with_gaps

NAN, INF = np.nan, np.inf
DRIVEN = ("free", "tied", "alone")
LOADINGS = np.array([[1.2, 0.0], [0.9, 0.4], [-0.5, 1.0], [0.3, 0.8], [0.7, -0.6]])
NOISE = np.array([0.5, 0.8, 0.4, 1.0, 0.6])
MEANS = np.array([1.0, -2.0, 0.0, 3.0, 5.0])
INTERCEPTS = np.array([0.5, -1.0, 0.2, 1.5, -0.4])
SLOPES = np.array([1.0, 1.6, 0.7, 2.0, -0.9])
ITEMS = (
    ek.GradedItem([-1.0, 0.3, 1.2], 1.5),
    ek.SlopedItem([0.4, -0.3], 0.9),
    ek.GuessedItem(0.3, 1.2, 0.2),
    ek.SlopedItem([0.5], -0.8),
)
KINDS = [ek.GradedResponse(4), ek.GeneralisedPartialCredit(3), ek.Guessing(), ek.GeneralisedPartialCredit(2)]
CREDITS = (ek.UnitSlopeItem([0.4, -0.3]), ek.UnitSlopeItem([1.0]), ek.UnitSlopeItem([-0.5, -0.2]))
_TESTS: dict[str, tuple[ek.ItemsModel, tuple[Any, ...]]] = {
    "kinds": (ek.ItemsModel(KINDS), (ITEMS,)),
    "groups": (ek.ItemsModel(KINDS, groups=2), (ITEMS, [0.0, 0.5], [1.0, 1.3])),
    "credits": (ek.ItemsModel([ek.PartialCredit(3), ek.PartialCredit(2), ek.PartialCredit(3)]), (CREDITS, None, [1.5])),
}
TESTS = {name: (model, model.params(*given)) for name, (model, given) in _TESTS.items()}
_TURNED = (ek.UnitSlopeItem([-0.4, 0.6]), ek.UnitSlopeItem([-1.0]), ek.UnitSlopeItem([0.5, 0.9]))
_CREDITS = (ek.PartialCredit(3), ek.PartialCredit(2), ek.PartialCredit(3))
_OTHER = (ek.GradedItem([-0.5, 0.3], 0.7), ek.SlopedItem([-0.8, 0.3], 1.2), ek.SlopedItem([-0.6], 1.4))
_LEVELS = (ek.GradedResponse(3), ek.GeneralisedPartialCredit(3), ek.GeneralisedPartialCredit(2))
_SLOPED = (ek.GradedItem([-1.0, 1.2], 1.5), ek.SlopedItem([0.4, -0.3], 0.9), ek.SlopedItem([0.5], 0.8))
_MIXTURES: dict[str, tuple[ek.ItemMixture, tuple[Any, ...]]] = {
    "rasch": (ek.ItemMixture(_CREDITS), ([0.6, 0.4], (CREDITS, _TURNED), (), None, [1.5, 0.8])),
    "sloped": (ek.ItemMixture(_LEVELS), ([0.3, 0.7], (_SLOPED, _OTHER))),
    "shared": (
        ek.ItemMixture(_LEVELS, shared=(0,)),
        ([0.3, 0.7], (_SLOPED[1:], _OTHER[1:]), _SLOPED[:1], [0.0, 0.7], [1.0, 1.4]),
    ),
    "equal": (
        ek.ItemMixture(_CREDITS, shared=(1,), equal_spreads=True),
        ([0.6, 0.4], (CREDITS[::2], _TURNED[::2]), CREDITS[1:2], [0.0, -0.5], 1.2),
    ),
}
MIXTURES = {name: (model, model.params(*given)) for name, (model, given) in _MIXTURES.items()}
WAYS = np.array([[1.2, 0.0], [0.9, 0.8], [-0.5, 1.3], [0.7, 1.0], [1.1, -0.6]])
ASKED = np.column_stack([np.ones(7), [1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1, 0]])
_PLANED = (ek.GradedResponse(3), ek.GeneralisedPartialCredit(3), ek.Guessing(), *[ek.GeneralisedPartialCredit(2)] * 3)
_SIDES = np.array([[1, 0], [1, 0], [1, 1], [0, 1], [0, 1], [0, 1]])
_STEEP = _SIDES * [[1.4, 0], [0.8, 0], [1.0, 0.7], [0, 1.2], [0, -0.8], [0, 1.1]]
_PARTS = (
    ek.GradedPlane([-0.8, 0.7], _STEEP[0]),
    ek.SlopedPlane([0.4, -0.3], _STEEP[1]),
    ek.GuessedPlane(0.3, _STEEP[2], 0.2),
    *(ek.SlopedPlane([at], own) for at, own in zip((0.5, -0.4, 0.1), _STEEP[3:], strict=True)),
)
_TURNED_PARTS = tuple(ek.SlopedPlane([a], own) for a, own in zip(INTERCEPTS, WAYS, strict=True))
_COMMON = ASKED * [1.1, -0.8, 1.3]
_BIFACTOR = tuple(ek.GradedPlane([a - 0.8, a + 0.7], own) for a, own in zip(np.linspace(-1, 1, 7), _COMMON, strict=True))
_R = [[1.0, 0.6], [0.6, 1.0]]
_ELSE = ek.AbilitiesOfGroup([0.5, -0.3], [1.3, 0.8], [[1.0, -0.4], [-0.4, 1.0]])
_APART = ek.AbilitiesOfGroup([0.5, -0.3, 0.2], [1.3, 0.8, 1.1], np.eye(3))
_PLANES: dict[str, tuple[ek.ItemPlanesModel, tuple[Any, ...]]] = {
    "pattern": (ek.ItemPlanesModel(_PLANED, loads=_SIDES, nodes=17), (_PARTS,)),
    "correlated": (ek.ItemPlanesModel(_PLANED, loads=_SIDES, correlated=True, nodes=17), (_PARTS, _R)),
    "free": (ek.ItemPlanesModel([ek.GeneralisedPartialCredit()] * 5, 2, nodes=17), (_TURNED_PARTS,)),
    "bifactor": (ek.ItemPlanesModel([ek.GradedResponse(3)] * 7, loads=ASKED, nodes=15), (_BIFACTOR,)),
    "groups": (ek.ItemPlanesModel(_PLANED, loads=_SIDES, correlated=True, nodes=17, groups=2), (_PARTS, _R, (_ELSE,))),
    "free-groups": (
        ek.ItemPlanesModel([ek.GeneralisedPartialCredit()] * 5, 2, nodes=17, groups=2),
        (_TURNED_PARTS, None, (_ELSE,)),
    ),
    "bifactor-groups": (
        ek.ItemPlanesModel([ek.GradedResponse(3)] * 7, loads=ASKED, nodes=15, groups=2),
        (_BIFACTOR, None, (_APART,)),
    ),
}
PLANES = {name: (model, model.params(*given)) for name, (model, given) in _PLANES.items()}
BETWEEN = np.array([[1.5, 0.3], [0.3, 0.4]])


def factor(n_factors: int, equal: bool = False) -> ModelCase:
    model = ek.FactorModel(n_factors, equal)
    params = model.params(MEANS, LOADINGS[:, :n_factors], 0.7 if equal else NOISE)
    return ModelCase(f"factor-{n_factors}{'-equal' * equal}", model, params, lambda rng, n: model.draw(params, rng, n))


def confirmatory(correlated: bool) -> ModelCase:
    """Two factors; two columns load alike on the second, and one on both."""
    model = ek.ConfirmatoryFactorModel(
        [[1.0, 0.0], ["a", 0.0], ["b", "c"], [0.0, 1.0 if correlated else "f"], [0.0, "d"], [0.0, "d"]],
        ["p", "q", "r", "s", "e", "e"],
        correlated=correlated,
    )
    loadings = [0.9, -0.5, 0.4, 0.8] if correlated else [0.9, -0.5, 0.4, 0.8, 1.1]
    factors = [[1.2, 0.4], [0.4, 0.8]] if correlated else np.eye(2)
    params = ek.ConfirmatoryFactorParams([*MEANS, 1.0], loadings, [0.6, 0.5, 0.8, 0.4, 1.0], factors)
    return ModelCase(
        f"confirmatory{'' if correlated else '-independent'}", model, params, lambda rng, n: model.draw(params, rng, n)
    )


def unit_factors(edge: bool) -> ModelCase:
    """Two correlated factors of variance 1; on an edge, one column is nothing but a factor."""
    model = ek.ConfirmatoryFactorModel([["a", 0.0], ["b", 0.0], ["c", "d"], [0.0, "e"], [0.0, "f"], [0.0, "g"]])
    noise = [0.6, 0.0 if edge else 0.9, 0.8, 0.4, 1.0, 0.5]
    params = model.params([*MEANS, 1.0], [0.9, 1.1, -0.5, 0.8, 0.7, 1.0, 0.6], noise, [[1.0, 0.4], [0.4, 1.0]])
    return ModelCase(f"confirmatory-unit{'-edge' * edge}", model, params, lambda rng, n: model.draw(params, rng, n))


def factors_in_a_plane(unit: bool) -> ModelCase:
    """Three factors of two columns each, of which the third is a sum of the others."""
    first, second = (["a", "b", "c"], ["d", "e", "f"]) if unit else ([1.0, 1.0, 1.0], [0.9, 0.7, "f"])
    names = [[(second if j % 2 else first)[k] if j // 2 == k else 0.0 for k in range(3)] for j in range(6)]
    model = ek.ConfirmatoryFactorModel(names)
    root = np.array([[1.0, 0.0], [0.6, 0.8], [0.8, -0.6]]) * (1.0 if unit else np.array([[1.2], [0.8], [1.5]]))
    loadings = [1.1, 0.8, 1.0, 0.9, 0.7, 0.6] if unit else [0.6]
    params = model.params([*MEANS, 1.0], loadings, [0.6, 0.9, 0.8, 0.4, 1.0, 0.5], root @ root.T)
    return ModelCase(f"confirmatory-plane{'-unit' * unit}", model, params, lambda rng, n: model.draw(params, rng, n))


def groups_of_factors() -> ModelCase:
    """Two factors that correlate, and one that does with neither, which three columns tell, as two would not."""
    names: list[list[Any]] = [[f"l{j}" if j // 2 == k else 0.0 for k in range(3)] for j in range(6)]
    names[5][1] = "l6"
    model = ek.ConfirmatoryFactorModel(names, uncorrelated=[(0, 1), (2, 1)])
    factors = [[1.0, 0.0, 0.5], [0.0, 1.0, 0.0], [0.5, 0.0, 1.0]]
    params = model.params([*MEANS, 1.0], [1.1, 0.8, 1.0, 0.9, 0.7, 0.6, 0.5], [0.6, 0.9, 0.8, 0.4, 1.0, 0.5], factors)
    return ModelCase("confirmatory-groups", model, params, lambda rng, n: model.draw(params, rng, n))


def turning_factors() -> ModelCase:
    """Two factors that all columns have but one: of the letters, one is 0, since factors could turn."""
    names = [[f"l{j}{k}" for k in range(2)] for j in range(5)]
    model = ek.ConfirmatoryFactorModel(names, correlated=False)
    params = model.params(MEANS, np.where(model.pattern.turning, 0.0, LOADINGS.ravel()), NOISE, np.eye(2))
    return ModelCase("confirmatory-turning", model, params, lambda rng, n: model.draw(params, rng, n))


def items(equal: bool) -> ModelCase:
    model = ek.ItemResponseModel(equal)
    params = model.params(INTERCEPTS, 1.2 if equal else SLOPES)
    return ModelCase(f"items{'-equal' * equal}", model, params, lambda rng, n: model.draw(params, rng, n))


def of_kinds(name: str) -> ModelCase:
    model, params = TESTS[name]
    return ModelCase(f"items-{name}", model, params, lambda rng, n: model.draw(params, rng, n))


def of_classes(name: str) -> ModelCase:
    model, params = MIXTURES[name]
    return ModelCase(f"item-mixture-{name}", model, params, lambda rng, n: model.draw(params, rng, n)[0])


def abilities(kind: str) -> ModelCase:
    """Of all items, of a pattern, and two of each pair of a bifactor model."""
    if kind == "free":
        model = ek.AbilitiesModel(2, nodes=21)
        params = model.params(INTERCEPTS, WAYS)
    else:
        model = ek.AbilitiesModel(loads=ASKED, nodes=15)
        params = model.params([0.5, -1.0, 0.2, 1.5, -0.4, 0.1, 0.7], ASKED * [1.1, -0.8, 1.3])
    return ModelCase(f"abilities-{kind}", model, params, lambda rng, n: model.draw(params, rng, n))


def of_planes(name: str) -> ModelCase:
    model, params = PLANES[name]
    return ModelCase(f"item-planes-{name}", model, params, lambda rng, n: model.draw(params, rng, n))


def mixed_rows(rng: np.random.Generator, n: int) -> np.ndarray:
    """Responses and times."""
    time = rng.uniform(0, 4, n)
    return np.column_stack([2 - 0.5 * time + 1.5 * rng.standard_normal(n), time])


def mixed(form: str) -> ModelCase:
    model = ek.MixedModel(0, (1,), (1,), covariance=form)
    profile = ek.ArraySource(mixed_rows(np.random.default_rng(0), 12), groups=np.repeat(np.arange(4), 3)).profile
    return ModelCase(
        f"mixed-{form}", model, ek.MixedModelParams([2.0, -0.5], model.start(profile).between.near(BETWEEN), 0.7), mixed_rows
    )


def nested_rows(rng: np.random.Generator, n: int) -> np.ndarray:
    """The same, with labels of inner groups."""
    return np.column_stack([mixed_rows(rng, n), rng.integers(0, 2, n)])


def nested() -> ModelCase:
    model = ek.MixedModel(0, (1,), (1,), nested=ek.Nested(2, covariance="scalar"))
    between = ek.models.NestedCovariance(ek.models.AnyCovariance(BETWEEN), ek.models.EqualCovariance(0.6))
    return ModelCase("mixed-nested", model, ek.MixedModelParams([2.0, -0.5], between, 0.7), nested_rows)


def growth() -> ModelCase:
    """Two classes, each with a mixed model of its own."""
    one = mixed("unstructured")
    other = ek.MixedModelParams([1.0, 0.7], ek.models.AnyCovariance(BETWEEN / 2), 1.1)
    params = ek.GrowthMixtureParams([0.6, 0.4], (one.params, other))
    return ModelCase("growth", ek.GrowthMixture(one.model), params, one.draw)


def growth_shared(nests: bool = False) -> ModelCase:
    """Two classes that differ by their fixed effects alone, of groups of one level or two."""
    one = nested() if nests else mixed("unstructured")
    fixed = [[2.0, -0.5], [1.0, 0.7]]
    params = ek.SharedGrowthMixtureParams([0.6, 0.4], fixed, one.params.between, one.params.within)
    return ModelCase(f"growth-shared{'-nested' * nests}", ek.GrowthMixture(one.model, "shared"), params, one.draw)


def gated_rows(rng: np.random.Generator, n: int) -> np.ndarray:
    """Responses, times, a covariate, and what classes depend on, which is the same in every five rows."""
    return np.column_stack([mixed_rows(rng, n), rng.standard_normal(n), np.repeat(rng.standard_normal(-(-n // 5)), 5)[:n]])


def growth_gated(spread: str) -> ModelCase:
    """Classes whose sizes depend on a predictor, and which share the coefficient of a covariate."""
    gates, between = [[0.0, 0.0], [-0.4, 0.8]], ek.models.AnyCovariance(BETWEEN)
    model = ek.GrowthMixture(ek.MixedModel(0, (1, 2), (1,)), spread, predictors=3, shared=2)
    told = {"shared": [0.3], "shared_at": (2,)}
    if spread == "shared":
        params: Any = ek.GatedSharedGrowthMixtureParams(gates, [[2.0, -0.5], [1.0, 0.7]], between, 0.7, **told)
    else:
        one = ek.MixedModelParams([2.0, -0.5], between, 0.7)
        other = ek.MixedModelParams([1.0, 0.7], ek.models.AnyCovariance(BETWEEN / 2), 1.1)
        params = ek.GatedGrowthMixtureParams(gates, (one, other), **told)
    return ModelCase(f"growth-gated-{spread}", model, params, gated_rows)


def restricted(of: ModelCase) -> ModelCase:
    """Its likelihood is no sum over rows, nor over groups."""
    model, params = of.model, ek.RestrictedMixedModelParams(of.params.between, of.params.within)
    return ModelCase(f"restricted-{of.name}", ek.RestrictedMixedModel(0, (1,), (1,), nested=model.nested), params, of.draw)


def states() -> ModelCase:
    """Every matrix of the system is estimated as far as it can be told."""
    free = np.full((2, 2), NAN)
    model = ek.StateSpace(free, [[1, 0], [0, 1], [NAN, NAN]], state_noise=free, start_covariance=[1.0, 2.0])
    params = model.params(
        transition=[[0.7, 0.2], [-0.3, 0.5]],
        state_noise=[[0.5, 0.1], [0.1, 0.3]],
        observation=[[1, 0], [0, 1], [0.8, -0.6]],
        noise=[0.3, 0.5, 0.2],
    )
    return ModelCase("states", model, params, lambda rng, n: model.draw(params, rng, n))


def tied_states() -> ModelCase:
    """Two states that move alike, with errors of one variance."""
    turn = [["a", "b"], [0.0, "a"]]
    model = ek.TiedStateSpace(
        turn, [[1.0, "c"], ["c", 1.0]], state_noise=["q", "q"], noise=["r", "r"], start_covariance=[1.0, 2.0]
    )
    params = ek.TiedStateSpaceParams(transition=[0.6, 0.2], state_noise=[0.5], observation=[0.4], noise=[0.3])
    return ModelCase("states-tied", model, params, lambda rng, n: model.draw(params, rng, n))


def begun_states(of: str) -> ModelCase:
    """Of where the states begin, one mean is estimated, and their variances; where one is known to be 0, that mean alone."""
    spreads = {"mean": [[1.0, 0.3], [0.3, 2.0]], "variances": [NAN, NAN], "variance": [NAN, 2.0], "certain": [0.0, 2.0]}
    spread = spreads[of]
    model = ek.StateSpace(
        [[NAN, 0.2], [0, 0.5]], [[1, 0], [0.5, 1]], start_mean=[0.5 if of == "variance" else NAN, 1.0], start_covariance=spread
    )
    given = {"transition": [[0.7, 0.2], [0, 0.5]], "state_noise": [0.5, 0.3], "noise": [0.3, 0.5]}
    given |= {} if of == "variance" else {"start_mean": [2.0, 1.0]}
    given |= {} if of in ("mean", "certain") else {"start_covariance": [1.5, 2.0]}
    params = model.params(**given)
    return ModelCase(f"states-begun-{of}", model, params, lambda rng, n: model.draw(params, rng, n))


def long_run(of: str) -> ModelCase:
    """States that begin as they are in the long run: moved by several shocks, or an autoregression beside a level."""
    if of == "shocks":
        model = ek.StateSpace(np.full((2, 2), NAN), [[1, 0], [0, 1]], state_noise=np.full((2, 2), NAN), stationary=[0, 1])
        given = {"transition": [[0.7, 0.2], [-0.3, 0.5]], "state_noise": [[0.5, 0.1], [0.1, 0.3]], "noise": [0.3, 0.5]}
    else:
        model = ek.StateSpace(
            [[NAN, NAN, 0], [1, 0, 0], [0, 0, 1]], [[1, NAN, 1], [0, 0, 1]], selection=[[1, 0], [0, 0], [0, 1]],
            start_mean=[0, 0, NAN], start_covariance=[0, 0, 0], stationary=[0, 1],
        )  # fmt: skip
        given = {"transition": [[0.9, -0.4, 0], [1, 0, 0], [0, 0, 1]], "state_noise": [1.0, 0.2], "noise": [0.3, 0.5]}
        given |= {"observation": [[1, 0.5, 1], [0, 0, 1]], "start_mean": [0, 0, 2.0]}
    params = model.params(**given)
    return ModelCase(f"states-long-run-{of}", model, params, lambda rng, n: model.draw(params, rng, n))


def driven_states(of: str) -> ModelCase:
    """States and columns to which two inputs add something, with gaps in the columns; or one of which all is estimated."""
    effects = {"free": [[NAN, 0.5], [0, NAN]], "tied": [["a", 0.5], [0, "a"]], "alone": [[NAN, NAN], [NAN, NAN]]}[of]
    given = {"transition": [[0.6, 0.2], [0, 0.5]], "observation": [[1, 0], [0.5, 1]], "effects": effects}
    if of == "tied":
        pushed = [["b", 0], [0, 1.5]]
        model: Any = ek.TiedStateSpace(
            **given, state_effects=pushed, state_noise=["q", "q"], noise=[0.3, 0.5], start_covariance=[1.0, 2.0]
        )
        params = model.params(a=0.7, b=-1.2, q=0.4)
    elif of == "alone":  # seen without errors, and nothing is known of where the second state begins
        model = ek.StateSpace(**given, noise=[0, 0], start_mean=[NAN, 0], start_covariance=[1.0, INF])
        params = model.params(effects=[[1.0, -0.5], [0.3, 2.0]], state_noise=[0.5, 0.3], start_mean=[2.0, 0])
    else:
        model = ek.StateSpace(
            **{**given, "transition": [[NAN, 0.2], [0, 0.5]], "observation": [[1, NAN], [0.5, 1]]},
            state_effects=[[NAN, 0], [0, 1.5]], start_mean=[NAN, 1.0], start_covariance=[0.0, 2.0],
        )  # fmt: skip
        numbers = {"effects": [[1.0, 0.5], [0, 2.0]], "state_effects": [[-1.2, 0], [0, 1.5]], "start_mean": [2.0, 1.0]}
        moves = {"transition": [[0.7, 0.2], [0, 0.5]], "observation": [[1, 0.4], [0.5, 1]]}
        params = model.params(**numbers, **moves, state_noise=[0.5, 0.3], noise=[0.3, 0.5])

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        inputs = np.column_stack([rng.standard_normal(n) + 1, rng.integers(0, 2, n)])
        x = model.draw(params, rng, n, inputs)
        return np.hstack([np.where(rng.random(x.shape) < 0.2 * (of != "alone"), NAN, x), inputs])

    return ModelCase(f"states-driven-{of}", model, params, draw)


def among_gaps(case: ModelCase) -> ModelCase:
    return ModelCase(f"{case.name}-gaps", case.model, case.params, with_gaps(case.draw))


_FACTORS = [*(factor(m, equal) for m in (0, 1, 2) for equal in (False, True)), confirmatory(True), confirmatory(False)]
_FACTORS += [unit_factors(False), unit_factors(True), factors_in_a_plane(True), factors_in_a_plane(False), groups_of_factors()]
_FACTORS += [turning_factors()]
_ROWS = [*_FACTORS, items(False), items(True)]
_ABILITIES = [abilities(kind) for kind in ("free", "bifactor")]
_KINDS = [*(of_kinds(name) for name in TESTS), *(of_classes(name) for name in MIXTURES), *map(of_planes, PLANES)]
OF_ROWS = [*_ROWS, *_KINDS, *_ABILITIES, *map(among_gaps, [*_ROWS, *_ABILITIES])]
_MIXED = [*(mixed(form) for form in ("unstructured", "diagonal", "scalar")), nested()]
_STATES = [states(), among_gaps(states()), tied_states(), *map(begun_states, ("mean", "variances", "variance", "certain"))]
_STATES += [*map(long_run, ("shocks", "autoregression")), *map(driven_states, DRIVEN)]
_GATED = [growth_gated(spread) for spread in ("own", "shared")]
OF_GROUPS = [*_MIXED, growth(), growth_shared(), growth_shared(nests=True), *_GATED, *_STATES]
MODELS = [*OF_ROWS, *OF_GROUPS]
OF_ALL_ROWS = [restricted(_MIXED[0]), restricted(nested())]
_BEGUN = [*(f"states-begun-{of}" for of in ("mean", "variances", "certain")), *(f"states-driven-{of}" for of in DRIVEN)]
STEPPING = tuple(case.name for case in _GATED)  # an M-step is one step of Newton's method, along a bound
IN_TURN = (*_BEGUN, "states-long-run-shocks", "states-long-run-autoregression")  # links of an M-step, best one after another
