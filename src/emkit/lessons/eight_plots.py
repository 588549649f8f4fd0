"""Eight plots weighed before the harvest, five of them after it: what is latent is a value, which a regression expects."""

from __future__ import annotations

from math import nan

import numpy as np

from emkit.data.source import ArraySource
from emkit.explain.subject import Question
from emkit.families.gaussian.full import FullGaussian, FullGaussianParams
from emkit.lessons.lesson import Lesson
from emkit.models.frozen import Frozen
from emkit.models.mixture import Mixture, MixtureParams

BEFORE = (14.0, 17.0, 12.0, 19.0, 15.0, 22.0, 24.0, 21.0)
AFTER = (10.0, 13.0, 9.0, 14.0, 12.0, nan, nan, nan)


def eight_plots() -> Lesson:
    """The lesson, from round numbers: means 18 and 12, variances 16 and 5, covariance 8, by which the slope is 1/2."""
    source = ArraySource(np.column_stack([BEFORE, AFTER]), columns=["before", "after"])
    return Lesson(
        name="eight-plots",
        title="Eight plots, three of them not weighed again",
        story=(
            "Eight plots were weighed before the harvest, and five of them after it; the three heaviest were left out. What is "
            "the mean after the harvest, of all eight? The pairs are normal, and what is latent is no label but a value."
        ),
        model=Frozen(Mixture(FullGaussian().among_gaps), "proportions"),
        source=source,
        start=MixtureParams([1.0], FullGaussianParams([[18.0, 12.0]], [[[16.0, 8.0], [8.0, 5.0]]])),
        components=("plots",),
        symbols={
            "mu_x": "components.means[0, 0]",
            "mu_y": "components.means[0, 1]",
            "var_x": "components.covariances[0, 0, 0]",
            "cov": "components.covariances[0, 1, 0]",
            "var_y": "components.covariances[0, 1, 1]",
        },
        notice=NOTICE,
        reference=(
            "Little & Rubin (2002), Statistical Analysis with Missing Data, 11.2, has this EM, and Anderson (1957), "
            "J. Am. Stat. Assoc. 52, 200-203, its limit as a formula; the eight plots are made up"
        ),
        questions=QUESTIONS,
        told=TOLD,
    )


TOLD = {"e-step": ("There is one component, so that no label is in doubt. What is in doubt is the weight of three plots.",)}

QUESTIONS = (
    Question("What is expected of the weight after, of plot 6?", lambda steps: steps[0].table.unseen[0].expected[0], "e-step"),
    Question("And how large is the variance about it?", lambda steps: steps[0].table.unseen[0].variance[0], "e-step"),
    Question("What is the mean after the harvest, after the first M-step?", lambda steps: steps[0].after["mu_y"], "m-step"),
)

NOTICE = (
    "The E-step is a regression: what is expected of a weight after is the mean plus slope times how far the weight before "
    "lies from its own mean, 12 + 1/2 (22 - 18) = 14 for plot 6. What is seen stays as it is.",
    "The M-step takes the moments of the completed pairs: the mean after is (10 + 13 + 9 + 14 + 12 + 14 + 15 + 13.5) / 8 = "
    "12.5625.",
    "To every missing square the variance about the line is added, 5 - 8^2 / 16 = 1. Who fills in values and forgets it finds "
    "8.75 for the variance after, and 8.82 is the estimate.",
    "EM ends at 13.5411, where the regression line through the five pairs stands at the mean of all eight before. The mean of "
    "the five is 11.6: they are the light ones.",
    "The entropy in the ledger is that of a density: it may be below 0, and changes with the unit of the data, once for every "
    "missing cell.",
)
