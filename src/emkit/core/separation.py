"""Coefficients without a maximum: the likelihood rises for ever, and ever less, as they run off to infinity.

Where a covariate tells apart which responses are 0 (or all, or of which component), fitted probabilities or means come to their
edge for all rows that a direction of the coefficients moves. EM's next step along it is as long as the last one, and gains
nothing. Source: Albert & Anderson (1984), Biometrika 71, 1-10: complete and quasi-complete separation.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np

from emkit.core.arrays import Array
from emkit.core.evaluation import EMMap
from emkit.core.parameters import Parameters
from emkit.core.protocols import Evaluation
from emkit.core.stopping import Step
from emkit.core.turns import Turns
from emkit.errors import ParameterError

P = TypeVar("P", bound=Parameters)

LITTLE = 1e-2  # of log-likelihood gained by a step, over the square of its length: a hundredth of what one row tells
MOST = 0.1  # of log-likelihood gained by a step: where more is, nothing else is looked at
LONG = 0.05  # of linear predictors, the unit of coefficients: steps that are shorter end somewhere
FAR = (4e1, 4e2, 4e3, 4e4)  # of linear predictors: rows that a direction hardly moves need the longer ones
TOLD = 1e-2  # of log-likelihood lost on the same way back: the rows tell the direction


class Separation(Generic[P]):
    """Tries, in one run, whether coefficients run off: seldom, when steps gain next to nothing and are long all the same."""

    def __init__(self, em: EMMap[P], turns: Turns) -> None:
        self._em, self.turns = em, turns
        self._coefficients = em.coordinates.of_coefficients()

    def beside(self, step: Step) -> Evaluation[P] | None:
        """A point no lower than this step's, so far along the way of the coefficients that none is left; None if there is none.

        From there EM goes on with all other parameters.
        """
        here: Evaluation[P] = step.here
        if not self._coefficients.any() or step.number < self.turns.next or not step.gain <= MOST:
            return None
        there, then = self._em.coordinates.pack(here.params), self._em.coordinates.pack(here.update)
        some = self._coefficients & np.isfinite(there) & np.isfinite(then)  # others may lie on an edge
        move = np.zeros_like(there)
        move[some] = then[some] - there[some]
        length = float(np.abs(move).max())
        if not (length > LONG and step.gain <= LITTLE * length**2):
            return None
        self.turns = self.turns.after(step.number)
        far = self._farthest(here, move / length)
        back = self._at(here, there - FAR[0] / length * move) if far is not None else None
        if far is None or (back is not None and back.objective >= here.objective - TOLD):
            return None
        self.turns = Turns(self.turns.next)
        return far

    def _farthest(self, here: Evaluation[P], way: Array) -> Evaluation[P] | None:
        """The farthest point along a way that is no lower than those before it."""
        found, there = None, self._em.coordinates.pack(here.params)
        for length in FAR:
            far = self._at(here, there + length * way)
            if far is not None and far.objective < here.objective:  # what else was still moving went too far
                far = self._em.attempt(far.update)
            if far is None or far.objective < (here if found is None else found).objective:
                break
            found = far
        return found

    def _at(self, here: Evaluation[P], point: Array) -> Evaluation[P] | None:
        try:
            with np.errstate(all="ignore"):  # far from where the rows are
                return self._em.attempt(self._em.coordinates.unpack(point, here.params))
        except ParameterError:
            return None
