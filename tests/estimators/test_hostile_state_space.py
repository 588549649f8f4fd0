"""State spaces, given what is odd: refused in words that say why, or right. None is silent."""

import numpy as np
import pytest

import emkit as ek

NAN, INF = np.nan, np.inf
RNG = np.random.default_rng(0)
WALK = RNG.standard_normal((30, 1)).cumsum(axis=0) + RNG.standard_normal((30, 1))
THREE = RNG.standard_normal((40, 3)).cumsum(axis=0)
FIT = ek.StateSpaceModel


def but(x, where, value):
    """The same rows, with this value there."""
    found = x.copy()
    found[where] = value
    return found


def own(transition, observation, **given):
    return FIT(ek.StateSpace(transition, observation, **given), max_iter=300)


REFUSED = {
    "no rows": (lambda: FIT().fit(np.empty((0, 1))), "0 sample"),
    "a vector": (lambda: FIT().fit(WALK[:, 0]), "2D array"),
    "nothing but gaps": (lambda: FIT().fit(np.full((9, 1), NAN)), "missing in every row"),
    "one cell": (lambda: FIT().fit(but(np.full((9, 1), NAN), 3, 1.0)), "never vary"),
    "a constant": (lambda: FIT().fit(np.full((9, 1), 7.0)), "never vary"),
    "a constant beside others": (lambda: FIT("factors").fit(but(THREE, np.s_[:, 1], 4.0)), "never vary.*'x1'"),
    "a line that is a trend": (lambda: FIT("trend").fit(np.arange(30.0)[:, None]), "without error"),
    "a year that is repeated": (lambda: FIT(seasons=4).fit(np.tile([1.0, 2, 3, -6], 8)[:, None]), "without error"),
    "squares that overflow": (lambda: FIT().fit(WALK * 1e200), "varies by inf"),
    "squares of squares that do": (lambda: FIT().fit(WALK * 1e150), "another unit"),
    "squares of squares that vanish": (lambda: FIT().fit(WALK * 1e-150), "another unit"),
    "far from 0": (lambda: FIT().fit(WALK + 1e9), "Subtract"),
    "infinity": (lambda: FIT().fit(but(WALK, 7, INF)), "row 7, column 'x0' is inf"),
    "names": (lambda: FIT().fit(np.array([["a"], ["b"]], dtype=object)), "hold names"),
    "complex numbers": (lambda: FIT().fit(WALK + 1j), "Complex"),
    "weights of 0": (lambda: FIT().fit(WALK, sample_weight=np.zeros(30)), "all zero"),
    "weights below 0": (lambda: FIT().fit(WALK, sample_weight=-np.ones(30)), "weight of row 0 is -1"),
    "lengths that miss rows": (lambda: FIT().fit(WALK, lengths=[10, 10]), "sum to 20"),
    "a length of 0": (lambda: FIT().fit(WALK, lengths=[30, 0]), ">= 1"),
    "series of one row each": (lambda: FIT().fit(WALK, lengths=[1] * 30), "every series is of one row"),
    "series that are scattered": (lambda: FIT().fit(WALK, groups=list(range(15)) * 2), "scattered"),
    "a column twice": (lambda: FIT("factors").fit(THREE[:, [0, 0, 1]]), "without error|no density"),
    "a column of two cells": (lambda: FIT("factors").fit(but(THREE, np.s_[2:, 1], NAN)), "'x1' has 2 cells"),
    "a column of gaps": (lambda: FIT("factors").fit(but(THREE, np.s_[:, 1], NAN)), "'x1' is missing in every row"),
    "a year longer than the series": (lambda: FIT(seasons=40).fit(WALK), "where its states began"),
    "more shocks than steps": (
        lambda: own(np.eye(3), np.eye(3), state_noise=np.full((3, 3), NAN)).fit(THREE[:2]),
        "1 step from",
    ),
    "an autoregression of two rows": (lambda: FIT(ek.autoregression(1)).fit(WALK[:2]), "2 cells cannot tell 3 free parameters"),
    "an autoregression of two cells": (
        lambda: FIT(ek.autoregression(1)).fit(but(but(np.full((9, 1), NAN), 3, 1.0), 6, 2.0)),
        "2 cells cannot tell 3 free parameters",
    ),
    "a constant that is seen as it is": (lambda: FIT(ek.autoregression(1)).fit(np.full((9, 1), 3.0)), "never vary"),
    "a turn that is repeated": (lambda: FIT(ek.autoregression(1)).fit(np.tile([1.0, -1.0], 15)[:, None]), "without error"),
    "a wave without errors": (lambda: FIT(ek.autoregression(2)).fit(np.sin(np.arange(40.0))[:, None]), "without error"),
    "a column too many to depend on its past": (
        lambda: FIT(ek.autoregression(1)).fit(THREE),
        "of 1 column, but the data have 3",
    ),
    "a first row that a mean can go to": (
        lambda: own([[1]], [[1]], start_mean=[NAN], start_covariance=[0]).fit(WALK),
        "the start a variance",
    ),
    "a start as good as unknown": (lambda: own([[1]], [[1]], start_covariance=[1e300]), "Give np.inf where nothing is known"),
    "a start as good as known": (lambda: own([[1]], [[1]], start_covariance=[1e-300]), "holds 1e-300.*another unit, or 0"),
    "a view that overflows": (lambda: own([[1]], [[1e200]]), r"observation holds 1e\+200"),
    "errors that overflow": (lambda: own([[1]], [[1]], noise=[1e300]), r"noise holds 1e\+300"),
    "shocks that are no covariance": (
        lambda: own(np.eye(2), np.eye(2), state_noise=[[1, 2], [2, 1]]).fit(THREE[:, :2]),
        "not positive definite",
    ),
    "shocks that are not symmetric": (
        lambda: own(np.eye(2), np.eye(2), state_noise=[[1, 0.5], [0.1, 1]]).fit(THREE[:, :2]),
        "not symmetric",
    ),
    "a start that is no covariance": (lambda: own(np.eye(2), np.eye(2), start_covariance=[[1, 2], [2, 1]]), "is no covariance"),
    "a class for a model": (lambda: FIT(ek.StateSpace).fit(WALK), "structure is <class"),
    "a class for a solver": (lambda: FIT(solver=ek.solvers.Plain).fit(WALK), "solver is <class"),
    "names that are a number": (lambda: own([[1]], [[1]], states=3), "states are 3; they are 1 name"),
    "ragged parameters": (lambda: ek.StateSpaceParams([[1, 2], [1]], [1], [[1]], [1]), "transition is no array of numbers"),
    "series of several widths": (lambda: FIT("factors").fit([WALK[:3, 0], WALK[:2, 0]]), "not a table of numbers"),
    "gaps where a selection is": (
        lambda: own(np.eye(2), [[1, 0]], selection=[[NAN], [0]]),
        "selection holds numbers that are not",
    ),
    "nothing to summarise": (lambda: FIT().summary(), "not fitted"),
    "two views without error": (lambda: own([[1]], [[1], [1]], noise=[0, 0]).fit(THREE[:, :2]), "no density"),
    "factors of one column": (lambda: FIT("factors", n_factors=2).fit(WALK), "n_factors is 2"),
    "columns of a level": (lambda: FIT().fit(THREE), "for one column"),
    "no steps ahead": (lambda: FIT(max_iter=9).fit(WALK[:9]).forecast(WALK, 0), "steps is 0"),
    "half a step ahead": (lambda: FIT(max_iter=9).fit(WALK[:9]).forecast(WALK, 2.5), "steps is 2.5"),
    "other columns to forecast": (lambda: FIT(max_iter=9).fit(WALK[:9]).forecast(THREE), "3 features"),
    "infinity to smooth": (lambda: FIT(max_iter=9).fit(WALK[:9]).predict(but(WALK, 3, INF)), "is inf"),
    "gaps to smooth": (lambda: FIT(max_iter=9).fit(WALK[:9]).predict(np.full((5, 1), NAN)), "where its states began"),
    "no fit to smooth": (lambda: FIT().smooth(WALK), "not fitted"),
    "no fit to forecast": (lambda: FIT().forecast(WALK), "not fitted"),
    "no fit to draw from": (lambda: FIT().sample(3), "not fitted"),
    "no fit to score": (lambda: FIT().score(WALK), "not fitted"),
}

RIGHT = {
    "an autoregression of every other row": (
        lambda: FIT(ek.autoregression(2)).fit(but(WALK, np.s_[::2], NAN)), lambda fit: fit.converged_,
    ),
    "gaps before and behind": (
        lambda: FIT(ek.autoregression(1)).fit(np.concatenate([np.full((5, 1), NAN), WALK, np.full((5, 1), NAN)])),
        lambda fit: np.isclose(fit.result_.log_likelihood, FIT(ek.autoregression(1)).fit(WALK).result_.log_likelihood),
    ),
    "a mean that no cell tells": (
        lambda: own(np.eye(2), [[1, 0]], state_noise=[1, 1], start_mean=[0, NAN], start_covariance=[1, 0]).fit(WALK),
        lambda fit: np.isfinite(fit.params_.start_mean).all(),
    ),
    "two means of which cells tell the sum": (
        lambda: own(np.eye(2), [[1, 1]], state_noise=[0, 0], start_mean=[NAN, NAN], start_covariance=[0, 0]).fit(WALK),
        lambda fit: np.isclose(fit.params_.start_mean.sum(), WALK.mean()),
    ),
    "series of one row each, from one place": (
        lambda: own([[1]], [[1]], state_noise=[1], start_mean=[NAN], start_covariance=[0]).fit(WALK, lengths=[1] * 30),
        lambda fit: np.isclose(fit.params_.start_mean[0], WALK.mean()) and np.isclose(fit.params_.noise[0], WALK.var()),
    ),
    "three rows": (lambda: FIT().fit(WALK[:3]), lambda fit: fit.converged_),
    "two cells": (lambda: FIT().fit(but(but(np.full((9, 1), NAN), 3, 1.0), 5, 2.0)), lambda fit: fit.converged_),
    "two values": (lambda: FIT().fit((np.arange(30) % 2)[:, None]), lambda fit: fit.result_.boundary == ("state_noise[0]",)),
    "truths": (lambda: FIT().fit(WALK > 0), lambda fit: fit.converged_),
    "a line that is a level": (
        lambda: FIT().fit(np.arange(30.0)[:, None]),
        lambda fit: fit.result_.boundary == ("noise[0]",) and np.isclose(fit.params_.state_noise[0], 1.0),
    ),
    "one spike": (lambda: FIT().fit(but(np.zeros((30, 1)), 10, 1.0)), lambda fit: fit.result_.boundary == ("state_noise[0]",)),
    "an outlier": (lambda: FIT().fit(but(WALK, 7, 1e8)), lambda fit: fit.result_.boundary == ("state_noise[0]",)),
    "a series of one row beside another": (
        lambda: FIT().fit(WALK, lengths=[29, 1]),
        lambda fit: np.isclose(fit.params_.noise[0], FIT().fit(WALK[:29]).params_.noise[0], rtol=1e-4),
    ),
    "no errors": (
        lambda: own([[1]], [[1]], noise=[0]).fit(WALK),
        lambda fit: np.isclose(fit.params_.state_noise[0], (np.diff(WALK[:, 0]) ** 2).mean()),
    ),
    "no shocks": (
        lambda: own([[1]], [[1]], state_noise=[0]).fit(WALK), lambda fit: np.isclose(fit.params_.noise[0], WALK.var(ddof=1)),
    ),
    "growth without bound": (
        lambda: own([[NAN]], [[1]], start_covariance=[1]).fit(np.exp(np.arange(30.0))[:, None]),
        lambda fit: np.isclose(fit.params_.transition[0, 0], np.e, rtol=1e-3),
    ),
    "a column that no state is seen in": (
        lambda: own([[1]], [[1], [0]]).fit(THREE[:, :2]),
        lambda fit: np.isclose(fit.params_.noise[1], (THREE[:, 1] ** 2).mean()),
    ),
    "nothing to estimate": (lambda: own([[1]], [[1]], state_noise=[1], noise=[1]).fit(WALK), lambda fit: fit.converged_),
    "rows of gaps": (
        lambda: FIT().fit(np.concatenate([WALK, np.full((9, 1), NAN)])),
        lambda fit: np.isclose(fit.result_.log_likelihood, FIT().fit(WALK).result_.log_likelihood),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore::emkit.ConvergenceWarning")
def test_what_cannot_be_is_refused_in_words(name):
    call, words = REFUSED[name]
    with pytest.raises((ValueError, ek.DegenerateFitError, ek.ModelError), match=words):
        call()


@pytest.mark.parametrize("name", RIGHT)
def test_what_can_be_is_right(name):
    call, check = RIGHT[name]
    assert check(call())
