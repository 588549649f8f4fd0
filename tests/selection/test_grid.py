"""Over a grid: what is found elsewhere helps, what failed is told, and nothing ends lower than it began."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import emkit as ek
from emkit.core.engine import Record
from emkit.core.restarts import Restarts
from emkit.errors import Outcome, Status
from emkit.selection.choice import Cell
from emkit.selection.grid import checked_numbers, choose

CENTRES = np.array([[0.0, 0.0], [7.0, 0.0], [0.0, 7.0]])
FORMS = ("full", "spherical")


class Ready:
    """Fits that are there already, and how often each was replaced by a better one."""

    def __init__(self, fits):
        self.fits = fits
        self.replaced = []

    def __call__(self, cell):
        found = self.fits[cell]
        if isinstance(found, Exception):
            raise found
        return found

    def record(self, fit):
        return fit

    def adopted(self, fit, better):
        self.replaced.append((fit, better))
        return better


@pytest.fixture(scope="module")
def three() -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.concatenate([rng.normal(centre, 1.0, (60, 2)) for centre in CENTRES])


@pytest.fixture(scope="module")
def fits(three) -> dict[tuple[str, int], ek.Result]:
    """Good ones, from many starts."""
    made = (
        (form, k, ek.GaussianMixture(k, covariance_type=form, n_init=8, random_state=0)) for form in FORMS for k in (1, 2, 3)
    )
    return {(form, k): estimator.fit(three).result_ for form, k, estimator in made}


@pytest.fixture(scope="module")
def poor(three) -> ek.Result:
    """Two full components in one cluster, one around the two others: a maximum, but no good one."""
    start = ek.MixtureParams(
        [0.2, 0.2, 0.6], ek.FullGaussianParams([[0, 0.7], [0, -0.7], [4, 4]], [np.eye(2), np.eye(2), 25 * np.eye(2) - 10])
    )
    fit = ek.fit(ek.Mixture(ek.FullGaussian()), three, start)
    assert fit.converged
    return fit


def ended(fit: ek.Result, outcome: Outcome) -> ek.Result:
    run: Record = fit.record
    changed = Record(run.start, run.params, run.objective + 100, run.log_likelihood + 100, outcome, 1, 1, run.history)
    return ek.Result(fit.model, fit.source, fit.passes, Restarts((changed,)), fit.executor)


def test_a_poor_maximum_rises_by_the_division_of_another_form(fits, poor):
    given = {("full", 3): poor, ("spherical", 3): fits["spherical", 3]}
    ready = Ready({Cell((form,), k): given.get((form, k), fits[form, 1]) for form in FORMS for k in (1, 3)})
    choice = choose(ready, [1, 3], [(form,) for form in FORMS])  # 2 components would lead there, too
    assert choice["full", 3].record.objective == pytest.approx(fits["full", 3].objective, abs=1e-6)
    assert poor.objective < fits["full", 3].objective - 10
    assert choice["spherical", 3].record is fits["spherical", 3]


@pytest.mark.parametrize("there", [2, 4])
def test_a_poor_maximum_rises_by_that_with_one_component_more_or_fewer(there, fits, poor, three):
    beside = fits["full", 2] if there == 2 else ek.GaussianMixture(4, n_init=8, random_state=0).fit(three).result_
    ready = Ready({Cell((), 1): fits["full", 1], Cell((), 3): poor, Cell((), there): beside})
    choice = choose(ready, sorted({1, 3, there}))
    assert choice[3].record.objective == pytest.approx(fits["full", 3].objective, abs=1e-6)


def test_nothing_ends_lower_than_it_began(three):
    """From one start each, as poor as they come."""
    cells = [Cell((form,), k) for form in FORMS for k in (1, 2, 3, 4)]
    made = (ek.GaussianMixture(cell.components, covariance_type=cell.form[0], n_init=1, random_state=7) for cell in cells)
    begun = {cell: estimator.fit(three).result_ for cell, estimator in zip(cells, made, strict=True)}
    ready = Ready(begun)
    choice = choose(ready, [1, 2, 3, 4], [(form,) for form in FORMS])
    for line in choice.lines:
        assert line.record.objective >= begun[line.cell].objective
        assert line.record.converged
    assert all(better.objective > fit.objective for fit, better in ready.replaced)
    for k in (1, 2, 3, 4):
        assert choice["full", k].record.objective >= choice["spherical", k].record.objective - 1e-6


def test_where_half_of_the_starts_agree_nobody_is_asked(fits, poor):
    """As it says of itself: here it is wrong, and stays."""
    sure = replace(poor, runs=replace(poor.runs, runs=poor.runs.runs * 8))
    assert (sure.runs.starts, sure.runs.reached_best()) == (8, 8)
    ready = Ready({Cell((), 1): fits["full", 1], Cell((), 2): fits["full", 2], Cell((), 3): sure})
    assert choose(ready, [1, 2, 3])[3].record is sure


def test_what_did_not_converge_or_failed_is_told_and_never_chosen(fits):
    stuck = ended(fits["full", 3], Outcome(Status.BUDGET, "the budget is spent."))
    given = {1: fits["full", 1], 2: fits["full", 2], 3: stuck, 4: ek.DegenerateFitError("component 0 collapsed.")}
    choice = choose(Ready({Cell((), k): fit for k, fit in given.items()}), [1, 2, 3, 4])
    assert choice.best.cell.components == 2
    assert [line.trouble for line in choice.lines] == ["", "", "the budget is spent.", "component 0 collapsed."]
    assert [line.cell.components for line in choice.passed_over] == [3]
    assert "Not chosen, though its BIC of" in choice.sentence
    assert "3 components: the budget is spent." in choice.sentence
    json.dumps(choice.to_dict(), allow_nan=False)


def test_if_no_model_can_be_chosen_it_says_why(fits):
    failed = ended(fits["full", 1], Outcome(Status.BUDGET, "the budget is spent."))
    choice = choose(Ready({Cell((), 1): failed}), [1])
    with pytest.raises(ek.ModelError, match=r"no model can be chosen: the budget is spent\."):
        choice.best  # noqa: B018
    assert (choice.chosen, choice.passed_over, choice.to_dict()["best"]) == (None, (), None)
    assert choice.sentence == "No model can be chosen by BIC: each has some trouble."
    with pytest.raises(ek.DataError, match="nothing to fit"):
        choose(Ready({Cell((), 1): ek.DataError("nothing to fit")}), [1])


@pytest.mark.parametrize(("given", "numbers"), [(3, [1, 3]), ([4, 2, 2], [1, 2, 4]), (range(1, 4), [1, 2, 3])])
def test_numbers_are_in_order_with_one_among_them(given, numbers):
    assert checked_numbers(given) == numbers


def test_a_collapsed_component_is_counted_from_one_as_everywhere_in_print():
    x = np.concatenate([np.random.default_rng(0).normal(0, 1, 60), np.full(6, 9.0)])[:, None]
    line = ek.select(ek.GaussianMixture(random_state=0), x, n_components=range(1, 3)).lines[1]
    assert line.trouble.startswith("component 2 has collapsed on few or equal rows")
    assert line.record.params.proportions[1] < 0.1
