"""Every usual slip is made, by arithmetic written out here, and must be found and named."""

from __future__ import annotations

import math

import numpy as np
import pytest

import emkit as ek
from emkit.explain.worksheet import Mistake, Role, worksheet
from emkit.lessons import umbrella
from emkit.teach.check import Verdict
from emkit.teach.check.rewrites import rewrites
from tests.cases import LESSONS, blood_groups, death_notices, heights, linkage, three_classes, three_coins, two_coins

H = np.array([5, 9, 8, 4, 7])
T = 10 - H
A, B = 0.6**H * 0.4**T, 0.5**H * 0.5**T
R = A / (A + B)
HEADS = {"A": R @ H, "B": (1 - R) @ H}
TAILS = {"A": R @ T, "B": (1 - R) @ T}
THETA = {coin: HEADS[coin] / (HEADS[coin] + TAILS[coin]) for coin in "AB"}
LOG_LIKELIHOOD = np.log((A + B) / 2).sum()
COEFFICIENTS = np.array([math.comb(10, h) for h in H])
OTHER = {"A": "B", "B": "A"}


def slip_of(lesson, name, value, step=1, digits=6):
    mark = ek.check_work(lesson, {name: f"{value:.{digits}f}"}, step).lines[0]
    assert mark.verdict is Verdict.WRONG
    assert mark.slip is not None, f"no slip was found for {name} = {value}; right is {mark.right}"
    assert mark.slip.value == pytest.approx(value, abs=10.0**-digits)
    return mark.slip


def kinds_of(*args, **options):
    slip = slip_of(*args, **options)
    return {slip.kind, *slip.also}


# --- on the responsibilities ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("x", "value"), [(0, 0.54 / (0.54 + 0.12)), (1, 0.06 / (0.06 + 0.48))])
def test_pi_taken_for_1_less_pi(x, value):
    slip = slip_of(three_coins(), f"mu[x={x}]", value)
    assert slip.kind is Mistake.WRONG_FACTOR
    assert slip.what == "0.6 (pi) taken for 0.4 (1 - pi) in the denominator"
    assert slip.line == f"joint_b[x={x}]"


def test_the_other_coins_bias_is_a_factor_from_the_wrong_line():
    wrong_b = 0.6 ** H[1] * 0.5 ** T[1]  # the heads of A with the tails of B
    slip = slip_of(two_coins(), "r[2]", A[1] / (A[1] + wrong_b))
    assert slip.kind is Mistake.WRONG_FACTOR
    assert slip.what.startswith("0.6^9 (theta_A) taken for 0.5^9 (theta_B)")


@pytest.mark.parametrize(("row", "k"), [(1, 0), (2, 0), (2, 1), (5, 1)])
def test_forgotten_normalisation(row, k):
    value = (A, B)[k][row - 1] / 2
    slip = slip_of(two_coins(), f"r_{'AB'[k]}[{row}]", value, digits=9)
    assert slip.kind is Mistake.FORGOTTEN_NORMALISATION


@pytest.mark.parametrize("k", [0, 1])
def test_odds_for_a_share(k):
    odds = (A / B, B / A)[k][1]
    assert slip_of(two_coins(), f"r_{'AB'[k]}[2]", odds).kind is Mistake.ODDS
    three = (0.06 / 0.32, 0.32 / 0.06)[k]
    assert slip_of(three_coins(), f"r_{'ab'[k]}[x=1]", three).kind is Mistake.ODDS


@pytest.mark.parametrize("row", [2, 3, 4, 5])
def test_heads_and_tails_swapped_in_the_e_step(row):
    h, t = H[row - 1], T[row - 1]
    swapped = 0.6**t * 0.4**h
    assert Mistake.SWAPPED_OUTCOMES in kinds_of(two_coins(), f"r[{row}]", swapped / (swapped + 0.5**10))


def test_heads_and_tails_swapped_for_one_coin_only():
    wrong = 0.4 * 0.8  # beta where 1 - beta belongs
    assert Mistake.SWAPPED_OUTCOMES in kinds_of(three_coins(), "mu[x=0]", 0.54 / (0.54 + wrong))


@pytest.mark.parametrize(("lesson", "names"), [(two_coins(), ("r[3]", "r_B[3]")), (three_coins(), ("mu[x=0]", "mu_b[x=0]"))])
def test_components_swapped(lesson, names):
    right = worksheet(lesson).values()
    for mine, theirs in (names, names[::-1]):
        assert slip_of(lesson, mine, right[theirs]).kind is Mistake.SWAPPED_COMPONENTS


def test_the_coins_own_probability_forgotten():
    assert slip_of(three_coins(), "joint_a[x=0]", 0.9).kind is Mistake.FORGOTTEN_PROPORTION
    assert slip_of(three_coins(), "joint_b[x=1]", 0.8).kind is Mistake.FORGOTTEN_PROPORTION
    assert Mistake.FORGOTTEN_PROPORTION in kinds_of(three_coins(), "mu[x=0]", 0.9 / (0.9 + 0.2))
    forgotten = 6 * math.log(0.1 + 0.8) + 4 * math.log(0.9 + 0.2)
    assert slip_of(three_coins(), "log_likelihood", forgotten).kind is Mistake.FORGOTTEN_PROPORTION
    assert slip_of(two_coins(), "log_likelihood", LOG_LIKELIHOOD + 5 * math.log(2)).kind is Mistake.FORGOTTEN_PROPORTION


def test_a_forgotten_factor():
    no_tails = 0.6**9  # (1 - theta_A)^1 left out, for coin A alone
    assert Mistake.FORGOTTEN_FACTOR in kinds_of(two_coins(), "r[2]", no_tails / (no_tails + 0.5**10))
    cells = worksheet(death_notices()).values()
    joint = 0.3 * math.exp(-1) / math.factorial(3)
    assert cells["joint_low[deaths=3]"] == pytest.approx(joint, rel=1e-12)
    assert slip_of(death_notices(), "joint_low[deaths=3]", joint * 6).kind is Mistake.FORGOTTEN_FACTOR


# --- on the expected counts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coin", ["A", "B"])
@pytest.mark.parametrize("decimals", [1, 2])
def test_rounding_before_summing(coin, decimals):
    shares = np.round(R if coin == "A" else 1 - R, decimals)
    for side, counts in (("heads", H), ("tails", T)):
        slip = slip_of(two_coins(), f"{side}_{coin}", shares @ counts)
        assert slip.kind is Mistake.ROUNDED
        assert f"to {decimals} decimals" in slip.what
    theta = shares @ H / (10 * shares.sum())
    assert slip_of(two_coins(), f"theta_{coin}", theta).kind is Mistake.ROUNDED


def test_the_rounded_sums_of_the_web():
    printed = {"heads_A": "21.24", "tails_A": "8.56", "heads_B": "11.76", "tails_B": "8.44"}
    marking = ek.check_work(two_coins(), {**printed, "theta_A": ".7127517", "theta_B": ".5821782"})
    assert [mark.slip.kind for mark in marking.lines[:4]] == [Mistake.ROUNDED] * 4
    assert [mark.verdict for mark in marking.lines[4:]] == [Verdict.CARRIED] * 2
    shares = {f"r[{i + 1}]": f"{r:.2f}" for i, r in enumerate(R)}
    with_shares = ek.check_work(two_coins(), shares | printed)
    assert [mark.verdict for mark in with_shares.lines[:5]] == [Verdict.RIGHT] * 5
    assert [mark.slip.kind for mark in with_shares.lines[5:]] == [Mistake.ROUNDED] * 4


@pytest.mark.parametrize("coin", ["A", "B"])
def test_swapped_sums(coin):
    assert slip_of(two_coins(), f"heads_{coin}", TAILS[coin]).kind is Mistake.SWAPPED_OUTCOMES
    assert slip_of(two_coins(), f"tails_{coin}", HEADS[coin]).kind is Mistake.SWAPPED_OUTCOMES
    assert slip_of(two_coins(), f"heads_{coin}", HEADS[OTHER[coin]]).kind is Mistake.SWAPPED_COMPONENTS
    assert (
        slip_of(two_coins(), f"n_{coin}", 5 - worksheet(two_coins()).values()[f"n_{coin}"]).kind is Mistake.SWAPPED_COMPONENTS
    )


def test_how_often_a_row_occurs_forgotten():
    assert slip_of(three_coins(), "n_a", 3 / 19 + 27 / 31).kind is Mistake.WEIGHT
    assert slip_of(three_coins(), "heads_a[x=1]", 3 / 19).kind is Mistake.WEIGHT
    at = worksheet(death_notices()).values()
    once = sum(at[f"mu[deaths={x}]"] for x in range(10))
    assert slip_of(death_notices(), "n_low", once).kind is Mistake.WEIGHT
    blood = worksheet(blood_groups()).values()
    genes_once = blood["count_AA"] + blood["count_AO"] + blood["count_AB"]  # AA has two genes of the kind
    assert slip_of(blood_groups(), "times_p", genes_once).kind is Mistake.WEIGHT


@pytest.mark.parametrize("coin", ["A", "B"])
def test_whole_rows_for_shares(coin):
    belongs = (R > 0.5) == (coin == "A")
    assert slip_of(two_coins(), f"heads_{coin}", H[belongs].sum()).kind is Mistake.HARD
    assert slip_of(two_coins(), f"theta_{coin}", {"A": 0.8, "B": 0.45}[coin]).kind is Mistake.HARD


# --- on the updates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coin", ["A", "B"])
def test_slips_of_the_coins_update(coin):
    theta, heads, tails = THETA[coin], HEADS[coin], TAILS[coin]
    assert slip_of(two_coins(), f"theta_{coin}", 1 - theta).kind is Mistake.SWAPPED_OUTCOMES
    assert slip_of(two_coins(), f"theta_{coin}", THETA[OTHER[coin]]).kind is Mistake.SWAPPED_COMPONENTS
    assert slip_of(two_coins(), f"theta_{coin}", heads / tails).kind is Mistake.ODDS
    assert slip_of(two_coins(), f"theta_{coin}", heads / 50).kind is Mistake.WRONG_NORMALISATION
    assert slip_of(two_coins(), f"theta_{coin}", heads).kind is Mistake.FORGOTTEN_NORMALISATION
    assert slip_of(two_coins(), f"theta_{coin}", {"A": 0.6, "B": 0.5}[coin]).kind is Mistake.STEP


def test_slips_of_the_proportions():
    assert slip_of(three_coins(), "pi", 328 / 589).kind is Mistake.SWAPPED_COMPONENTS
    assert slip_of(three_coins(), "pi", 2610 / 589).kind is Mistake.FORGOTTEN_NORMALISATION
    assert slip_of(three_coins(), "pi", 0.6).kind is Mistake.STEP
    assert slip_of(three_coins(), "pi", 2610 / 589 / 2).kind is Mistake.WRONG_NORMALISATION
    third = worksheet(three_classes()).values()["proportion_Y"]
    assert slip_of(three_classes(), "proportion_Y", 1 - third).kind is Mistake.COMPLEMENT


def test_slips_of_rates_means_and_variances():
    at = worksheet(death_notices()).values()
    assert slip_of(death_notices(), "rate_low", at["total_low"] / 1096).kind is Mistake.WRONG_NORMALISATION
    assert slip_of(death_notices(), "rate_low", at["rate_high"]).kind is Mistake.SWAPPED_COMPONENTS
    at = worksheet(heights()).values()
    for who in ("short", "tall"):
        assert slip_of(heights(), f"mean_{who}", at[f"total_{who}"] / 16).kind is Mistake.WRONG_NORMALISATION
        assert slip_of(heights(), f"variance_{who}", math.sqrt(at[f"variance_{who}"])).kind is Mistake.SPREAD
        fewer = at[f"scatter_{who}"] / (at[f"n_{who}"] - 1)
        assert slip_of(heights(), f"variance_{who}", fewer).kind is Mistake.WRONG_NORMALISATION


def test_slips_of_gene_counting():
    at = worksheet(linkage()).values()
    assert slip_of(linkage(), "t", at["u"]).kind is Mistake.SWAPPED_COMPONENTS
    assert slip_of(linkage(), "t", at["times_t"] / 197).kind is Mistake.WRONG_NORMALISATION
    assert slip_of(linkage(), "share_rest", 0.125).kind is Mistake.FORGOTTEN_NORMALISATION
    assert slip_of(blood_groups(), "joint_AO", 0.3 * 0.5).kind is Mistake.COEFFICIENT


# --- on the log-likelihood -----------------------------------------------------------------------------------------------


def test_slips_of_the_log_likelihood():
    found = {
        Mistake.LOG_BASE: LOG_LIKELIHOOD / math.log(10),
        Mistake.SIGN: -LOG_LIKELIHOOD,
        Mistake.MEAN: LOG_LIKELIHOOD / 5,
        Mistake.COEFFICIENT: LOG_LIKELIHOOD + np.log(COEFFICIENTS).sum(),
        Mistake.UNLOGGED: LOG_LIKELIHOOD + COEFFICIENTS.sum(),
        Mistake.STEP: -31.859257948227356,
    }
    for kind, value in found.items():
        assert slip_of(two_coins(), "log_likelihood", value).kind is kind
    assert slip_of(two_coins(), "log_likelihood", LOG_LIKELIHOOD / math.log(2)).kind is Mistake.LOG_BASE


def test_the_coefficient_can_be_missing_where_the_model_counts_it():
    tosses = [[5], [9], [8], [4], [7]]
    lesson = two_coins()
    counted = type(lesson)(**{**vars(lesson), "model": ek.Mixture(ek.Binomial(10)), "source": ek.ArraySource(tosses)})
    assert slip_of(counted, "log_likelihood", LOG_LIKELIHOOD).kind is Mistake.COEFFICIENT
    assert slip_of(counted, "log_likelihood", LOG_LIKELIHOOD + COEFFICIENTS.sum()).kind is Mistake.UNLOGGED
    assert slip_of(counted, "joint_A[2]", A[1] / 2).kind is Mistake.COEFFICIENT
    assert slip_of(lesson, "joint_A[2]", A[1] / 2 * 10).kind is Mistake.COEFFICIENT


# --- all of them ---------------------------------------------------------------------------------------------------------


def test_digits_cut_off():
    mark = ek.check_work(two_coins(), {"r[5]": "0.64"}).lines[0]  # 0.6472
    assert mark.slip.kind is Mistake.CUT_OFF


@pytest.mark.parametrize(
    ("lesson", "step"), [*((lesson, 1) for lesson in (*LESSONS, umbrella())), (two_coins(), 2), (three_coins(), 3)]
)
def test_every_slip_on_every_line_is_found_again(lesson, step):
    sheet = worksheet(lesson, step)
    right = sheet.values()
    tried = 0
    for line in list(sheet)[:: 1 if len(sheet.lines) < 40 else 7]:
        for rewrite in rewrites(line, sheet):
            value = rewrite.expression.value(right)
            if math.isnan(value) or abs(value - right[line.name]) <= 1e-6 * abs(right[line.name]):
                continue
            mark = ek.check_work(lesson, {line.name: f"{value:.16e}"}, step).lines[0]
            assert mark.verdict is Verdict.WRONG
            assert rewrite.kind in {mark.slip.kind, *mark.slip.also}, f"{line.name}: {rewrite}"
            tried += 1
    assert tried > 10


@pytest.mark.slow
def test_random_wrong_numbers_are_rarely_excused():
    """At four digits, fewer than one in fifty; with fewer digits, more, and the slip says so."""
    rng = np.random.default_rng(5)
    explained = wrong = 0
    for lesson in LESSONS:
        sheet = worksheet(lesson)
        at = sheet.values()
        lines = [line for line in sheet if line.role is not Role.JOINT]
        for _ in range(25):
            line = lines[rng.integers(len(lines))]
            value = rng.uniform(0, 1) if line.probability else rng.uniform(0, 2) * at[line.name]
            mark = ek.check_work(lesson, {line.name: f"{value:.4f}"}).lines[0]
            wrong += mark.verdict is Verdict.WRONG
            explained += mark.slip is not None
    assert wrong > 200
    assert explained / wrong < 0.02


def test_a_slip_that_could_be_chance_says_so():
    few = slip_of(three_coins(), "mu[x=0]", 0.82, digits=2)
    many = slip_of(three_coins(), "mu[x=0]", 0.54 / 0.66, digits=8)
    assert few.coincidence > 0.1
    assert "of all numbers would fit some slip" in str(few)
    assert many.coincidence < 1e-4
    assert "of all numbers" not in str(many)
    assert "the same number would come from: the component's own probability forgotten" in str(few)
