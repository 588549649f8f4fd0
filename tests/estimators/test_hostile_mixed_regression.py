"""Mixed models, given what is odd: refused in words that say why, or right and told. None is silent."""

import numpy as np
import pytest

import emkit as ek

NAN, INF = np.nan, np.inf
RNG = np.random.default_rng(1)
GROUP = np.repeat(np.arange(8), 5)
X = RNG.uniform(0, 4, 40)
Y = 1 + X + RNG.standard_normal(8)[GROUP] + RNG.standard_normal(40)
FIVE = {name: RNG.standard_normal(40) for name in "abcde"}
EIGHT = np.repeat(list("rstuvwxy"), 5)
SLOPES, LEVELS = "y ~ x + (x | g)", "y ~ x + (1 | g)"


def fit(formula=LEVELS, weights=None, settings=None, **changed):
    frame = {"y": Y, "x": X, "g": GROUP} | changed
    return ek.MixedRegression(formula, **(settings or {})).fit(frame, sample_weight=weights)


def but(values, where, value):
    found = np.array(values, dtype=np.float64)
    found[where] = value
    return found


REFUSED = {
    "a constant covariate": (lambda: fit(x=np.ones(40)), "is 1 in every row"),
    "a covariate of 0": (lambda: fit(SLOPES, x=np.zeros(40)), "is 0 in every row"),
    "a constant response": (lambda: fit(y=np.ones(40)), "never varies"),
    "a response that is a covariate": (lambda: fit(x=Y), "without error"),
    "a line": (lambda: fit(y=1 + 2 * X), "without error"),
    "lines in parallel": (lambda: fit(y=1 + 2 * X + GROUP), "without error"),
    "lines": (lambda: fit(SLOPES, y=1 + 2 * X + GROUP * X), "without error"),
    "groups without errors": (lambda: fit("y ~ 1 + (1 | g)", y=RNG.standard_normal(8)[GROUP]), "without error"),
    "groups of one row": (lambda: fit(g=np.arange(40)), "40 groups cannot tell 1 random effect"),
    "one group": (lambda: fit(g=np.zeros(40)), "there is one group"),
    "one group with a weight": (lambda: fit(weights=(GROUP == 0) * 1.0), "there is one group"),
    "one group with a response": (lambda: fit(y=but(Y, GROUP > 0, NAN)), "there is one group|40 rows have gaps"),
    "groups that are the response": (lambda: fit("y ~ x + (1 | y)"), "40 groups cannot tell"),
    "more effects than rows of groups": (lambda: fit("y ~ 1 + (a + b + c + d + e | g)", **FIVE), "cannot tell 6 random"),
    "as many effects as rows of groups": (lambda: fit("y ~ 1 + (a + b + c + d | g)", **FIVE), "cannot tell 5 random"),
    "covariates that tell groups": (lambda: fit("y ~ h + (1 | g)", h=EIGHT), "fixed effects tell the intercept of every group"),
    "the same by likelihood": (
        lambda: fit("y ~ h + (1 | g)", settings={"method": "ml"}, h=EIGHT), "fixed effects tell the intercept",
    ),
    "covariates that tell slopes": (lambda: fit("y ~ x:h + (0 + x | g)", h=EIGHT), "fixed effects tell 'x' of every group"),
    "a covariate twice": (lambda: fit("y ~ x + z + (1 | g)", z=2 * X), "a multiple of 'x'"),
    "an infinite response": (lambda: fit(y=but(Y, 0, INF)), "row 0: y is inf"),
    "an infinite covariate": (lambda: fit(x=but(X, 0, INF)), "row 0: x is inf"),
    "no response": (lambda: fit(y=np.full(40, NAN)), "all 40 rows have gaps"),
    "no covariate": (lambda: fit(x=np.full(40, NAN)), "all 40 rows have gaps"),
    "gaps that are refused": (lambda: fit(settings={"gaps": "refuse"}, y=but(Y, 0, NAN)), "row 0, column 'y' is missing"),
    "a row of no group": (lambda: fit(g=but(GROUP, 0, NAN)), "the group of row 0 is missing"),
    "a large unit": (lambda: fit(y=Y * 1e150), "'y' varies by .* another unit"),
    "a small unit": (lambda: fit(y=Y * 1e-150), "'y' varies by .* another unit"),
    "a large unit of a slope": (lambda: fit(SLOPES, x=X * 1e100), "'x' varies by .* another unit"),
    "slopes far from 0": (lambda: fit(SLOPES, x=X + 1e7), "'x' varies by .* Subtract"),
    "a response of names": (lambda: fit(y=np.array(list("ab") * 20)), "one column of numbers"),
    "a response of truths": (lambda: fit(y=Y > 1), "one column of numbers"),
    "no such group": (lambda: fit("y ~ x + (1 | h)"), "a column 'h', and there is none"),
    "no random effects": (lambda: fit("y ~ x"), "no random effects"),
    "crossed groups": (lambda: fit("y ~ x + (1 | g) + (1 | x)"), "cannot tell 1 random effect of each inner group from errors"),
    "weights of 0": (lambda: fit(weights=np.zeros(40)), "all zero"),
    "weights below 0": (lambda: fit(weights=-np.ones(40)), "weight of row 0 is -1"),
    "weights within groups": (lambda: fit(weights=np.arange(40)), "a weight is of a group"),
    "no rows": (lambda: fit(y=[], x=[], g=[]), "no rows"),
    "two rows": (lambda: fit(y=[1.0, 2.0], x=[1.0, 3.0], g=[1, 2]), "2 groups cannot tell"),
    "columns of other lengths": (lambda: fit(y=[1.0, 2.0], x=[1.0], g=[1, 2]), "has 2 rows"),
    "an array": (lambda: ek.MixedRegression(LEVELS).fit(np.column_stack([Y, X, GROUP])), "by their names"),
    "a prediction without a covariate": (lambda: fit().predict({"g": GROUP}), "a column 'x', and there is none"),
    "a prediction without groups": (lambda: fit().predict({"x": X}), "a column 'g', and there is none"),
    "a prediction before a fit": (lambda: ek.MixedRegression(LEVELS).predict({"x": X, "g": GROUP}), "not fitted"),
}  # fmt: skip

RIGHT = {
    "one group of two rows": (lambda: fit(g=np.r_[0, 0:39]), "", lambda found: found.converged_),
    "groups that do not differ": (
        lambda: fit("y ~ 1 + (1 | g)", y=np.tile([1.0, 2, 3, 4, 5], 8)), "On an edge: the variance of 'intercept'",
        lambda found: np.isclose(found.error_variance_, 80 / 39) and not found.effects_.any(),
    ),
    "slopes of what is the same in a group": (
        lambda: fit(SLOPES, x=GROUP * 1.0), "On an edge: the variance of 'x'", lambda found: found.converged_,
    ),
    "a response far from 0": (
        lambda: fit(y=Y + 1e9), "", lambda found: np.isclose(found.coefficients_[0] - 1e9, fit().coefficients_[0], atol=1e-5),
    ),
    "rows with gaps": (
        lambda: fit(y=but(Y, 0, NAN)), "1 of 40 rows have gaps",
        lambda found: found.result_.log_likelihood == fit(y=Y[1:], x=X[1:], g=GROUP[1:]).result_.log_likelihood,
    ),
    "a group without a response": (
        lambda: fit(y=but(Y, GROUP == 2, NAN)), "5 of 40 rows have gaps", lambda found: len(found.groups_) == 7,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore::emkit.EmkitWarning")
def test_what_cannot_be_is_refused_in_words(name):
    call, words = REFUSED[name]
    with pytest.raises((ValueError, ek.DegenerateFitError), match=words):
        call()


@pytest.mark.parametrize("name", RIGHT)
def test_what_can_be_is_right_and_told(name):
    call, words, check = RIGHT[name]
    if words:
        with pytest.warns(ek.EmkitWarning, match=words):
            found = call()
    else:
        found = call()
    assert check(found)
