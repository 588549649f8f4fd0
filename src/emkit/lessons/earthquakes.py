"""Major earthquakes of the world in each year from 1900 to 2006: calm times and restless ones."""

from __future__ import annotations

from emkit.data.source import ArraySource
from emkit.families.poisson import Poisson, PoissonParams
from emkit.lessons.lesson import Lesson, Printed
from emkit.models.hidden_markov import HiddenMarkovChain, HiddenMarkovParams

FIRST_YEAR = 1900
YEARS = (
    *(13, 14, 8, 10, 16, 26, 32, 27, 18, 32, 36, 24, 22, 23, 22, 18, 25, 21, 21, 14, 8, 11, 14, 23, 18, 17, 19, 20, 22, 19),
    *(13, 26, 13, 14, 22, 24, 21, 22, 26, 21, 23, 24, 27, 41, 31, 27, 35, 26, 28, 36, 39, 21, 17, 22, 17, 19, 15, 34, 10, 15),
    *(22, 18, 15, 20, 15, 22, 19, 16, 30, 27, 29, 23, 20, 16, 21, 21, 25, 16, 18, 15, 18, 14, 10, 15, 8, 15, 6, 11, 8, 7),
    *(18, 16, 13, 12, 13, 20, 15, 16, 12, 18, 15, 16, 13, 15, 16, 11, 11),
)
BOOK = "Zucchini & MacDonald (2009), Hidden Markov Models for Time Series, tables 1.1 and 4.1"


def earthquakes() -> Lesson:
    """The lesson, from the start of the book's table 4.1."""
    return Lesson(
        name="earthquakes",
        title="Earthquakes, year by year",
        story=(
            "In each of 107 years there were between 6 and 41 earthquakes of magnitude 7 or more. They vary more than Poisson "
            "counts do, and a bad year is followed by bad years. Perhaps there are calm times and restless ones, each with its "
            "own rate, and nobody says when one gives way to the other."
        ),
        model=HiddenMarkovChain(Poisson()),
        source=ArraySource(YEARS, columns=["earthquakes"]).as_one_group(),
        start=HiddenMarkovParams([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], PoissonParams([[10.0], [30.0]])),
        components=("calm", "restless"),
        row_names=tuple(str(FIRST_YEAR + t) for t in range(len(YEARS))),
        printed=PRINTED,
        notice=NOTICE,
        reference=BOOK,
    )


PRINTED = (
    Printed("initial_calm", "0.99963", "table 4.1, iteration 1"),
    Printed("transition_calm_restless", "0.138816", "table 4.1, iteration 1"),
    Printed("transition_restless_calm", "0.11622", "table 4.1, iteration 1"),
    Printed("rate_calm", "13.742", "table 4.1, iteration 1"),
    Printed("rate_restless", "24.169", "table 4.1, iteration 1"),
    Printed("log_likelihood", "-413.27542", "table 4.1, iteration 0, with its sign turned"),
)

NOTICE = (
    "One count says little of its year: 19 earthquakes fit both states. The years around it say more, so gamma is far surer "
    "than what the year alone would give.",
    "Transitions are counted like everything else: the expected number of moves from calm to restless times over that of all "
    "moves from calm ones. The last year moves nowhere, so it is a visit from which no move is counted.",
    "The first step gains 69.5 in log-likelihood. EM ends at rates 15.421 and 26.018, with moves .0716 and .1190 and "
    "log-likelihood -341.8787, as the book has it. The first state is then certain: one sequence says of it only which it was.",
    "The book also lets the first state have the stationary distribution of the chain. Its estimates are others (15.472 and "
    "26.125, -342.3183), since the first state then tells of the moves, too.",
    "Three states reach -328.5275 with rates 13.13, 19.71 and 29.71, from a start that is near enough: likelihoods of chains "
    "have many maxima, and a search needs many starts.",
)
