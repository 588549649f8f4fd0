"""A family that says nothing of itself works everywhere; what is written of it ends earlier."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

import emkit as ek
from emkit.explain import explain, subject_of_fit
from emkit.explain.worksheet import worksheet
from emkit.families.description import Description
from emkit.page.step_trace import trace


@dataclass(frozen=True)
class Silent(ek.Geometric):
    @property
    def name(self):
        return "silent"

    @property
    def described(self):
        return Description()


START = ek.MixtureParams([0.4, 0.6], ek.GeometricParams([[0.2], [0.6]]))
COUNTS = ek.ArraySource([0, 1, 0, 2, 7, 12, 1, 3, 9, 0, 0, 5], columns=["failures"])
SILENT, SPEAKING = (subject_of_fit(ek.Mixture(family), COUNTS, START) for family in (Silent(), ek.Geometric()))


def test_its_steps_are_the_same_numbers_with_fewer_words():
    silent, speaking = explain(SILENT), explain(SPEAKING)
    assert silent.step.after == pytest.approx(speaking.step.after, rel=1e-14)
    assert silent.step.factors == ("proportion", "p(x)")
    assert silent.step.others == ("chance_1", "chance_2")  # named by their field
    assert speaking.step.others == ()


def test_its_worksheet_ends_with_the_proportions():
    silent, speaking = worksheet(SILENT).values(), worksheet(SPEAKING).values()
    assert "chance_1" not in worksheet(SILENT).lines
    assert silent["proportion_1"] == pytest.approx(speaking["proportion_1"], rel=1e-14)
    assert silent["log_likelihood"] == pytest.approx(speaking["log_likelihood"], rel=1e-14)


def test_its_page_has_steps_but_no_em_of_its_own():
    assert trace(SILENT)["browser_em"] is None
    assert trace(SPEAKING)["browser_em"]["family"] == "columns"
    assert trace(SILENT)["path"][-1] == pytest.approx(trace(SPEAKING)["path"][-1], rel=1e-12)


def test_what_needs_a_description_says_so():
    with pytest.raises(ek.ModelError, match=r"exact fractions are for mixtures of .*geometric components, not for silent"):
        explain(SILENT, exact=True)
    with pytest.raises(ek.ModelError, match="there is no derivation of 'silent'"):
        ek.derivation(Silent())
