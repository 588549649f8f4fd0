"""Death notices of women over 80 in The Times, 1910-1912: counts per day, and how many days had them."""

from __future__ import annotations

from emkit.data.source import ArraySource
from emkit.families.poisson import Poisson, PoissonParams
from emkit.lessons.lesson import Lesson
from emkit.models.mixture import Mixture, MixtureParams

DAYS = (162, 267, 271, 185, 111, 61, 27, 8, 3, 1)
PAPER = "Hasselblad (1969), J. Amer. Statist. Assoc. 64, 1459-1471; Titterington, Smith & Makov (1985)"


def death_notices() -> Lesson:
    """The lesson, from pi = 0.3, lambda_1 = 1, lambda_2 = 2.5."""
    return Lesson(
        name="death-notices",
        title="Death notices on 1096 days",
        story=(
            "On each of 1096 days, between 0 and 9 deaths were announced. One Poisson distribution does not fit; perhaps there "
            "are two kinds of days. Each different count is one row, and the number of days is its weight."
        ),
        model=Mixture(Poisson()),
        source=ArraySource(range(10), DAYS, columns=["deaths"]),
        start=MixtureParams([0.3, 0.7], PoissonParams([[1.0], [2.5]])),
        components=("1", "2"),
        symbols={"pi": "proportions[0]", "lambda_1": "components.rates[0, 0]", "lambda_2": "components.rates[1, 0]"},
        notice=NOTICE,
        reference=PAPER,
    )


NOTICE = (
    "Ten rows stand for 1096 days: a row of weight w counts as w equal rows, in every sum and in the log-likelihood.",
    "The first step gains 2.6 in log-likelihood, and after nine there is 0.09 left to gain; but the last digits take "
    "thousands of steps, because the two kinds of days overlap so much. A small step does not mean that the end is near.",
    "The end is at pi = 0.3599 with 1.256 and 2.663 deaths a day, log-likelihood -1989.9459. SQUAREM gets there in fewer than "
    "a hundred passes over the data: fit(solver=ek.solvers.Squarem()).",
)
