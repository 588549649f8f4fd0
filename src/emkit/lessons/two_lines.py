"""Two lines: points of two kinds, each about a line of its own, and nobody wrote down which is which."""

from __future__ import annotations

from emkit.data.source import ArraySource
from emkit.families.regression.normal_regression import NormalRegression, NormalRegressionParams
from emkit.lessons.lesson import Lesson
from emkit.models.mixture import Mixture, MixtureParams

POINTS = [[0, 0], [1, 2], [2, 2], [3, 4], [4, 4], [0, 5], [1, 5], [2, 3], [3, 2], [4, 2]]


def two_lines() -> Lesson:
    """The lesson, from two level-headed guesses: a line that rises and one that falls, each point within 1 or so of it."""
    lines = NormalRegressionParams([[0.0, 1.0], [5.0, -1.0]], [1.0, 1.0], covariates=("intercept", "x"))
    return Lesson(
        name="two-lines",
        title="Ten points about two lines",
        story=(
            "Ten measurements of y at x = 0 to 4. Some rise with x and some fall, and which are which was not written down: a "
            "mixture of two regressions. Given responsibilities, each line is found by weighted least squares."
        ),
        model=Mixture(NormalRegression(1, (0,))),
        source=ArraySource(POINTS, columns=["x", "y"]),
        start=MixtureParams([0.5, 0.5], lines),
        components=("up", "down"),
        symbols={
            "pi": "proportions[0]",
            "a_up": "components.coefficients[0, 0]",
            "b_up": "components.coefficients[0, 1]",
            "a_down": "components.coefficients[1, 0]",
            "b_down": "components.coefficients[1, 1]",
        },
        notice=NOTICE,
        reference="of its own; the arithmetic is that of DeSarbo & Cron (1988), Journal of Classification 5, 249-282",
    )


NOTICE = (
    "The M-step is least squares in which every point counts by its responsibility: the sums of 1, x, y, xx, xy and yy are "
    "all that it needs of the points.",
    "The points at x = 2 lie near where the lines cross, so they count in both, each by its shares.",
)
