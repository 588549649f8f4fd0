"""A model's step that fails in its arithmetic is an outcome of that run, never the end of a fit with other starts."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek

COUNTS = [0, 1, 0, 2, 1, 6, 7, 5, 8, 6]
GOOD = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [5.0]]))
BAD = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [50.0]]))
ERRORS = [
    np.linalg.LinAlgError("Singular matrix"),
    FloatingPointError("overflow encountered in exp"),
    ValueError("operands could not be broadcast together"),
    OverflowError("math range error"),
    ZeroDivisionError("division by zero"),
]


class Stumbles(ek.Mixture):
    """A mixture one of whose steps fails, from the number of calls on that is given."""

    def __init__(self, step, error, after=0):
        super().__init__(ek.Poisson())
        self.__dict__.update(step=step, error=error, left=after)

    def _maybe(self, step, params):
        if step == self.step and params.components.rates.max() > 20:
            self.__dict__["left"] -= 1
            if self.left < 0:
                raise self.error

    def e_step(self, params, chunk):
        self._maybe("e_step", params)
        return super().e_step(params, chunk)

    def m_step(self, stats, params):
        self._maybe("m_step", params)
        return super().m_step(stats, params)


@pytest.mark.parametrize("step", ["e_step", "m_step"])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_other_starts_go_on(step, error):
    result = ek.fit(Stumbles(step, error), COUNTS, [BAD, GOOD])
    assert result.converged
    failed = result.starts().runs[0].outcome
    assert failed.name == "DEGENERATE"
    assert f"Stumbles.{step} failed at the parameters it was given: {type(error).__name__}: {error}" in failed.sentence
    assert f"{error}" in str(result.starts())


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_alone_it_is_an_error_of_emkit_that_names_the_step(error):
    with pytest.raises(ek.DegenerateFitError, match=r"Stumbles\.m_step failed at the parameters it was given"):
        ek.fit(Stumbles("m_step", error), COUNTS, BAD)


def test_a_run_that_stumbles_on_its_way_keeps_what_it_had():
    class Later(Stumbles):
        def _maybe(self, step, params):
            if step == self.step:
                self.__dict__["left"] -= 1
                if self.left < 0:
                    raise self.error

    result = ek.fit(Later("m_step", ERRORS[0], after=4), COUNTS, GOOD)
    assert result.outcome.name == "DEGENERATE"
    assert "stopped after iteration 3" in result.outcome.sentence
    assert result.log_likelihood > ek.EMMap(ek.Mixture(ek.Poisson()), ek.ArraySource(COUNTS), GOOD).objective(GOOD)


def test_a_mistake_in_the_program_is_no_outcome():
    with pytest.raises(KeyError):
        ek.fit(Stumbles("e_step", KeyError("no such thing")), COUNTS, [BAD, GOOD])
