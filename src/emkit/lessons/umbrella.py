"""The umbrella world: is it raining, when all that is seen is whether somebody comes in with an umbrella?"""

from __future__ import annotations

from emkit.data.source import ArraySource
from emkit.families.bernoulli import Bernoulli
from emkit.families.successes import SuccessParams
from emkit.lessons.lesson import Lesson, Printed
from emkit.models.hidden_markov import HiddenMarkovChain, HiddenMarkovParams

DAYS = ((1, 1), (1, 1, 0, 1, 1))
BOOK = "Russell & Norvig, Artificial Intelligence: A Modern Approach, chapter on probabilistic reasoning over time"


def umbrella() -> Lesson:
    """The lesson: the two days that the book filters and smooths, and the five whose likeliest path it looks for."""
    return Lesson(
        name="umbrella",
        title="The umbrella world",
        story=(
            "A guard who never leaves the cellar sees each morning whether the director brings an umbrella. Rain follows rain "
            "in 7 of 10 days, and no rain follows no rain as often; the umbrella is there on 9 of 10 rainy days and on 2 of 10 "
            "others. Is it raining? Two days with an umbrella, and five others: yes, yes, no, yes, yes."
        ),
        model=HiddenMarkovChain(Bernoulli()),
        source=ArraySource(
            [day for days in DAYS for day in days],
            columns=["umbrella"],
            groups=[number for number, days in enumerate(DAYS) for _ in days],
        ),
        start=HiddenMarkovParams([0.5, 0.5], [[0.7, 0.3], [0.3, 0.7]], SuccessParams([[0.9], [0.2]])),
        components=("rain", "dry"),
        printed=PRINTED,
        counted={"heads": "umbrella", "tails": "none"},
        notice=NOTICE,
        reference=BOOK,
    )


PRINTED = (
    Printed("alpha_rain[1.1]", "0.818", "filtering, day 1"),
    Printed("alpha_dry[1.1]", "0.182", "filtering, day 1"),
    Printed("ahead_rain[1.2]", "0.627", "prediction of day 2 from day 1"),
    Printed("ahead_dry[1.2]", "0.373", "prediction of day 2 from day 1"),
    Printed("alpha_rain[1.2]", "0.883", "filtering, day 2"),
    Printed("alpha_dry[1.2]", "0.117", "filtering, day 2"),
    Printed("gamma_rain[1.1]", "0.883", "smoothing, day 1 from both"),
    Printed("gamma_dry[1.1]", "0.117", "smoothing, day 1 from both"),
)

NOTICE = (
    "Filtering looks back alone (alpha), smoothing both ways (gamma). Day 1 of the first sequence is rainy with .818 when it "
    "is all that is known, and with .883 once the second umbrella is seen: the later day speaks of the earlier one, too.",
    "Every alpha is divided by c_t, the probability of the row given those before it, and every beta by the c of the row to "
    "come. So nothing underflows, however long the sequence, and log-likelihood = sum of log c_t. The book does not divide: "
    "its backward message (.69, .41) is beta here, (1.0797, .6415), times c_2 = .6391.",
    "The likeliest path of the five days is rain, rain, dry, rain, rain. It is the likeliest as a whole; here it also takes "
    "the likelier state of each day, which need not be so.",
    "The book gives its probabilities and estimates none. EM moves all of them, and ends where rain is the umbrella itself: "
    "probabilities 1 and 0, and after a dry day always rain. Seven days cannot tell a hidden state from what is seen.",
)
