"""The slides' three coins: toss z; heads, then report a toss of a, else of b. Ten reports, and z is never seen."""

from __future__ import annotations

from emkit.data.source import ArraySource
from emkit.explain.subject import Question
from emkit.families.bernoulli import Bernoulli
from emkit.families.successes import SuccessParams
from emkit.lessons.lesson import Lesson, Printed
from emkit.models.mixture import Mixture, MixtureParams

REPORTS = (1, 1, 0, 1, 0, 0, 1, 0, 1, 1)
SLIDES = "Expectation Maximization Algorithm, slides, CSE, UNSW, 14 April 2021, example 1"


def three_coins() -> Lesson:
    """The lesson, from the slides' start pi = 0.6, alpha = 0.1, beta = 0.8."""
    return Lesson(
        name="three-coins",
        title="Three coins, ten reports",
        story=(
            "Coin z (heads with probability pi) decides which coin is tossed and reported: a (heads with alpha) or b (heads "
            "with beta). The ten reports are 1 1 0 1 0 0 1 0 1 1; z is never seen."
        ),
        model=Mixture(Bernoulli()),
        source=ArraySource(REPORTS, columns=["x"]),
        start=MixtureParams([0.6, 0.4], SuccessParams([[0.1], [0.8]])),
        components=("a", "b"),
        symbols={"pi": "proportions[0]", "alpha": "components.probabilities[0, 0]", "beta": "components.probabilities[1, 0]"},
        printed=PRINTED,
        notice=NOTICE,
        errata=ERRATA,
        reference=SLIDES,
        told=TOLD,
        notation="slides",
        questions=QUESTIONS,
    )


TOLD = {
    "e-step": (
        "The slides print 0.82 for a report of 0. Their denominator has 0.6 * 0.2 where (1 - pi)(1 - beta) = 0.4 * 0.2 "
        "belongs; the right value is 27/31 = 0.8710, and everything after it changes.",
    ),
    "m-step": (
        "The slides call this a soft version of the estimate: a report counts by mu for coin a and by 1 - mu for coin b. In "
        "fractions, pi is 261/589, alpha 31/145 and beta 186/205.",
    ),
}

QUESTIONS = (
    Question("A report of 0: how likely did coin z show heads?", lambda steps: steps[0].rows[1].responsibilities[0], "e-step"),
    Question("What is pi after the first M-step?", lambda steps: steps[0].after["pi"], "m-step"),
    Question("How large is the gap after the first M-step?", lambda steps: steps[0].ledger[1].account.gap, "why-it-climbs"),
)

PRINTED = (
    Printed("mu[x=1]", "0.16", "Concrete Example, P(z=1 | x=1)"),
    Printed("mu[x=0]", "0.82", "Concrete Example, P(z=1 | x=0)"),
    Printed("pi", "0.424", "Concrete Example /2, pi"),
    Printed("alpha", "0.226", "Concrete Example /2, alpha"),
    Printed("beta", "0.875", "Concrete Example /2, beta"),
)

NOTICE = (
    "The slides print P(z=1 | x=0) = 0.82. Their denominator has 0.6 * 0.2 where (1 - pi)(1 - beta) = 0.4 * 0.2 belongs; the "
    "right value is 27/31 = 0.8710, and pi, alpha and beta follow.",
    "Single tosses reveal only pi * alpha + (1 - pi) * beta, the chance of a 1. Every (pi, alpha, beta) for which it is 0.6 "
    "has the same, highest likelihood: the data cannot tell them apart.",
    "Therefore EM stops after one step, from any start, and where it stops depends on the start alone.",
    "The slip cannot be seen in the likelihood, which reaches its maximum all the same; only checking the E-step finds it.",
    "What helps: three or more tosses for each throw of z, or two with pi known. The two coins have ten.",
)

ERRATA = (
    "The table has 0.18 and 0.82 for 4/31 = 0.1290 and 27/31 = 0.8710; pi = 0.424, alpha = 0.226 and beta = 0.875 are worked "
    "out correctly from these, but should be 261/589 = 0.4431, 31/145 = 0.2138 and 186/205 = 0.9073.",
    "ln Pr(x, z): pi must stand inside the power z, as 1 - pi stands inside 1 - z. In the line below, ln pi lacks its factor "
    "z, and (1 - z) ln(1 - pi) is missing. Taken literally, Q would have no maximum in pi, and the printed update would not "
    "follow.",
    "Q is the sum of q ln Pr(x, z | theta), not of q ln Pr(x, z | theta_t): the old parameters belong into q only.",
    "Q is defined twice, with the entropy C of q and without it. Here it is without: Q + C is the bound.",
    "Figure 2: l(theta | theta_n), with a small l, is the function that the log-likelihood L(theta) bounds from above.",
    "Jensen: equality needs equal x_i only where lambda_i > 0, and no other case exists if f is strictly convex. With q the "
    "posterior the bound touches, and only then.",
    "EM does not sample z from q: it takes the expectation over every z. Sampling z is another algorithm, stochastic EM.",
)
