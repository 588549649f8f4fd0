"""Old Faithful: how long an eruption lasts, and how long one waits for the next."""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from emkit.data.source import ArraySource
from emkit.explain.subject import Question
from emkit.families.gaussian.full import FullGaussian, FullGaussianParams
from emkit.lessons.lesson import Lesson
from emkit.models.mixture import Mixture, MixtureParams

COLUMNS = ("eruptions", "waiting")
SOURCE = "Azzalini & Bowman (1990), Applied Statistics 39, 357-365; R's data set faithful"
START_MEANS = [[2.0, 55.0], [4.5, 80.0]]
START_COVARIANCE = [[0.25, 0.0], [0.0, 36.0]]


def old_faithful() -> Lesson:
    """The lesson, from round numbers read off a plot: half and half, means (2, 55) and (4.5, 80), no correlation."""
    text = (files("emkit.lessons") / "data" / "faithful.csv").read_text(encoding="utf-8")
    x = np.array([line.split(",") for line in text.split()[1:]], dtype=np.float64)
    components = FullGaussianParams(START_MEANS, [START_COVARIANCE] * 2)
    return Lesson(
        name="old-faithful",
        title="Old Faithful, 272 eruptions",
        story=(
            "The geyser's eruptions last two minutes or four and a half, and a longer wait follows the longer ones: two clouds "
            "of points, whose members nobody has marked. Minutes in both columns."
        ),
        model=Mixture(FullGaussian()),
        source=ArraySource(x, columns=list(COLUMNS)),
        start=MixtureParams([0.5, 0.5], components),
        components=("short", "long"),
        symbols={"pi": "proportions[0]"},
        notice=NOTICE,
        reference=SOURCE,
        told=TOLD,
        notation="bishop",
        questions=QUESTIONS,
    )


TOLD = {"e-step": ("Most points are in no doubt. The third lies between the clouds, and even it is all but certain.",)}

QUESTIONS = (
    Question(
        "How much of row 3 goes to the short eruptions in the first E-step?",
        lambda steps: steps[0].rows[2].responsibilities[0],
        "e-step",
    ),
    Question(
        "What is the mean waiting time after short eruptions, after the first M-step?",
        lambda steps: steps[0].after["mean_short_waiting"],
        "m-step",
    ),
    Question(
        "How large is the gap that the first M-step opens?", lambda steps: steps[0].ledger[1].account.gap, "why-it-climbs"
    ),
)

NOTICE = (
    "Most responsibilities are close to 0 or 1: the clouds lie apart, little information is missing, and EM needs few steps.",
    "The M-step is that of one normal sample, mean and covariance, with every row counted by its responsibility. Deviations "
    "are taken from the mean before the step, and the move of the mean is put right afterwards: so no digits are lost.",
    "EM ends at log-likelihood -1130.264, with 36 % short eruptions of about 2.04 minutes and 54.5 minutes of waiting.",
)
