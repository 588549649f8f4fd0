"""A model made of one other hands on whatever the engine may ask: a question that it forgot would have the default answer."""

import emkit as ek
from emkit.models.around import Around

ASKED_OF_THE_MODEL_INSIDE = {
    "narrowed": "what is held or stated is told in all columns",
    "has_normal_residuals": "by `bare`, for a figure",
    "latent": "by `bare`, for what is told of rows",
    "has_latent": "by `bare`, with it",
    "told_effects": "by `bare`, once, for a fit to keep",
    "has_effects": "by `bare`, with it",
    "sample_size": "by `bare`, for criteria",
    "axis_names": "by `bare`, for tables",
    "groups_called": "by `bare`, for a report",
    "implied_covariance": "for a test against any covariance, which asks for the highest likelihood of all",
}
FOLLOWS = {"coordinates": "from `held` and `scales`", "spikes": "from `degenerate` and `planar`"}


def questions(model):
    """The public names of a class and of all that it derives from."""
    return {name for cls in model.__mro__ for name in vars(cls) if not name.startswith("_")}


def not_handed_on(wrapper):
    return {name for name in questions(ek.LatentModel) if name not in vars(wrapper)}


def test_a_wrapper_hands_on_what_the_engine_asks():
    assert not_handed_on(Around) == {*ASKED_OF_THE_MODEL_INSIDE, *FOLLOWS}


def test_a_question_that_is_forgotten_is_found():
    class Forgetful(Around):
        """Hands on nothing of its own."""

    assert {"endless", "loosened", "climbs", "is_stuck", "conventional"} <= not_handed_on(Forgetful)
