"""Do & Batzoglou's two coins: five draws of ten tosses, and nobody wrote down which coin was drawn."""

from __future__ import annotations

from emkit.data.source import ArraySource
from emkit.explain.subject import Question
from emkit.families.binomial import Binomial
from emkit.families.successes import SuccessParams
from emkit.lessons.lesson import Lesson, Printed
from emkit.models.frozen import Frozen
from emkit.models.mixture import Mixture, MixtureParams

TOSSES = ("HTTTHHTHTH", "HHHHTHHHHH", "HTHHHHHTHH", "HTHTTTHHTT", "THHHTHHHTH")
PAPER = "Do & Batzoglou (2008), Nature Biotechnology 26, 897-899, figure 1b"


def two_coins(free_proportions: bool = False) -> Lesson:
    """The lesson; with `free_proportions` the probability of drawing coin A is estimated, too (the paper fixes it at 1/2)."""
    mixture = Mixture(Binomial(trials=10, ordered=True))
    model = mixture if free_proportions else Frozen(mixture, "proportions")
    extra = {"pi": "proportions[0]"} if free_proportions else {}
    heads = [[toss.count("H")] for toss in TOSSES]
    return Lesson(
        name="two-coins-free" if free_proportions else "two-coins",
        title="Two coins, five draws of ten tosses" + (", and the chance of each coin" if free_proportions else ""),
        story=(
            "Two coins of unknown bias lie in a bag. Five times one is drawn and tossed ten times; which coin it was is not "
            "recorded. " + ("The chance of drawing coin A is estimated." if free_proportions else "Both are equally likely.")
        ),
        model=model,
        source=ArraySource(heads, columns=["heads"]),
        start=MixtureParams([0.5, 0.5], SuccessParams([[0.6], [0.5]])),
        components=("A", "B"),
        symbols={"theta_A": "components.probabilities[0, 0]", "theta_B": "components.probabilities[1, 0]", **extra},
        row_names=TOSSES,
        printed=() if free_proportions else PRINTED,
        notice=NOTICE_FREE if free_proportions else NOTICE,
        reference=PAPER,
        told=TOLD,
        known=(1, 0, 0, 1, 0),
        notation="cs229",
        questions=() if free_proportions else QUESTIONS,
    )


PRINTED = (
    Printed("r[1]", "0.45", "E-step, row 1, coin A"),
    Printed("r[2]", "0.80", "E-step, row 2, coin A"),
    Printed("r[3]", "0.73", "E-step, row 3, coin A"),
    Printed("r[4]", "0.35", "E-step, row 4, coin A"),
    Printed("r[5]", "0.65", "E-step, row 5, coin A"),
    Printed("heads_A", "21.3", "E-step, total heads of coin A"),
    Printed("tails_A", "8.6", "E-step, total tails of coin A"),
    Printed("heads_B", "11.7", "E-step, total heads of coin B"),
    Printed("tails_B", "8.4", "E-step, total tails of coin B"),
    Printed("theta_A", "0.71", "M-step, coin A"),
    Printed("theta_B", "0.58", "M-step, coin B"),
)

TOLD = {
    "e-step": ("Nine heads speak for A, but not for sure: B shows nine heads now and then, too.",),
    "m-step": ("What is left of a row is not lost. It counts for the other coin.",),
}

QUESTIONS = (
    Question(
        "How much of row 4 goes to coin A in the first E-step?", lambda steps: steps[0].rows[3].responsibilities[0], "e-step"
    ),
    Question("How many heads does row 3 count for coin B?", lambda steps: steps[0].rows[2].tallies[1].values[1], "m-step"),
    Question(
        "How far does the first M-step raise the bound?",
        lambda steps: steps[0].ledger[1].account.bound - steps[0].ledger[0].account.bound,
        "why-it-climbs",
    ),
)

COUNTING = (
    "The M-step is the estimate one would make with known coins, heads / tosses, with fractional counts in place of counts: "
    "each row is shared between the coins by its responsibilities."
)

NOTICE = (
    COUNTING,
    "Hard EM gives each row wholly to its likelier coin: B A A B A. It lands on 0.80 and 0.45 in one step, the estimate for "
    "coins that were really so; soft EM ends at 0.797 and 0.520, because rows 1 and 4 are in doubt.",
    "From equal coins nothing can tell them apart: one step leads to (0.66, 0.66), where EM stands still. It is a saddle, "
    "not a maximum.",
    "The start says which coin is which: from (0.5, 0.6) EM ends at the same estimate with the names exchanged.",
    "The paper fixes the chance of drawing coin A at 1/2. Estimating it, too, changes the answer (0.793, 0.514, with chance "
    "0.523), and five rows hardly determine it.",
)

NOTICE_FREE = (
    COUNTING,
    "The chance of coin A is the mean of the responsibilities, 2.99 / 5: a row counts for it whatever its heads and tails. The "
    "coins' own updates in the first step are those of fixed chances, since both begin at 1/2; after it they differ.",
    "EM ends at chance 0.523, coins 0.793 and 0.514. With standard errors of 0.41, 0.12 and 0.17, five rows say next to "
    "nothing about the chance.",
)
