"""A prior that is none of what it is given to is refused: which field that is, of which shape, and what to do instead."""

from __future__ import annotations

import re

import numpy as np
import pytest

import emkit as ek

WALK = ek.ArraySource(np.random.default_rng(0).standard_normal((40, 1)).cumsum(axis=0))
LEVEL = ek.StateSpace(np.eye(1), np.eye(1), state_noise=[np.nan], noise=[np.nan])
LEVELS = LEVEL.params(state_noise=[1.5], noise=[1.5])
NORMAL = ek.Mixture("gaussian")
NORMALS = ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams([[0.0], [3.0]], [[[1.0]], [[1.0]]]))
INSTEAD = r"give it to their path, such as 'components'. A single field may have a function"

REFUSED = {
    "normal, of a state space": (LEVEL, LEVELS, "noise", ek.NormalPrior(), r"'noise', an array of shape (1,),", INSTEAD),
    "normal, of means": (NORMAL, NORMALS, "components.means", ek.NormalPrior(), "array of shape (2, 1)", INSTEAD),
    "normal, of shares": (NORMAL, NORMALS, "proportions", ek.NormalPrior(), "'proportions', an array of shape (2,)", INSTEAD),
    "normal, of all": (LEVEL, LEVELS, "", ek.NormalPrior(), "'', StateSpaceParams with several fields", "for components with"),
    "ridge": (LEVEL, LEVELS, "noise", ek.RidgePrior(1.0), "'noise', an array of shape (1,)", "'components'"),
    "Dirichlet": (LEVEL, LEVELS, "noise", ek.DirichletPrior((2, 2)), "'noise', an array of shape (1,)", "one for each entry"),
    "beta": (LEVEL, LEVELS, "noise", ek.BetaPrior(2, 2), "'noise', an array of shape (1,)", "no density of such numbers"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_prior_that_is_none_of_a_field_is_refused(name):
    model, start, path, prior, what, instead = REFUSED[name]
    with pytest.raises(ek.ModelError, match=f"{re.escape(what)}.*cannot have the prior {type(prior).__name__}.*{instead}"):
        ek.fit(ek.WithPrior(model, {path: prior}), WALK, start)


def test_the_function_that_is_advised_is_a_prior():
    """Variances drawn to 1, whose square of the distance is lower than without the prior."""
    free, drawn = (
        ek.fit(model, WALK, LEVELS, solver="anderson").params.noise
        for model in (LEVEL, ek.WithPrior(LEVEL, {"noise": lambda value: -((value - 1) ** 2).sum() / 2e-4}))
    )
    assert abs(drawn - 1) < abs(free - 1)
    np.testing.assert_allclose(drawn, 1, atol=0.05)
