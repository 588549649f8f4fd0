"""Reference problems of the literature: every quantity that emkit's models can answer, at the tolerance the problem states."""

from __future__ import annotations

import csv
import functools
import json
import math
from typing import Any

import numpy as np
import pytest

import emkit as ek
from tests.oracles import answers

NOT_ANSWERED = ()


@functools.cache
def answered(problem: str) -> answers.Answers:
    return answers.PROBLEMS[problem]()


def expectations(problem: str) -> list[dict[str, Any]]:
    return json.loads((answers.DATA / f"{problem}.expected.json").read_text())["expect"]


def _numbers(value: Any) -> np.ndarray:
    """A number, or a list of lists; one behind the other, if these are of unlike lengths."""
    if isinstance(value, list) and len({len(each) for each in value if isinstance(each, list)}) > 1:
        return np.concatenate([np.asarray(each, dtype=float) for each in value])
    return np.asarray(value, dtype=float)


def complaint(given: Any, expected: dict[str, Any]) -> str:
    """What is wrong with an answer ('' if nothing): equal within atol + rtol |value|, or not lower or higher than it."""
    value, slack = expected["value"], expected.get("atol") or 0.0
    if expected["kind"] in ("flag", "exact"):
        return "" if given == value else f"is {given}, not {value}"
    if expected["kind"] == "at_least":
        return "" if given >= value - slack else f"is {given!r}, below {value!r}"
    if expected["kind"] == "at_most":
        return "" if given <= value + slack else f"is {given!r}, above {value!r}"
    a, b = _numbers(given), _numbers(value)
    if a.shape != b.shape:
        return f"has shape {a.shape}, not {b.shape}"
    off = np.abs(a - b) / (slack + (expected.get("rtol") or 0.0) * np.abs(b))
    return "" if np.all(off <= 1) else f"is {given}, off by {off.max():.3g} times the tolerance from {value}"


QUANTITIES = [
    pytest.param(
        problem, expected, id=f"{problem}-{expected['name']}", marks=[pytest.mark.slow] * problem.startswith(("gmm", "blrt"))
    )
    for problem in answers.PROBLEMS
    for expected in expectations(problem)
    if not any(word in expected["name"] for word in NOT_ANSWERED)
]


@pytest.mark.parametrize(("problem", "expected"), QUANTITIES)
def test_answer(problem, expected):
    assert complaint(answered(problem)[expected["name"]], expected) == ""


def test_there_are_as_many_quantities_as_there_should_be():
    assert len(QUANTITIES) == 369


@pytest.mark.parametrize("form", answers.COVARIANCES)
def test_every_covariance_form_meets_the_certified_digits_of_nist(form):
    given = answers.nist_univariate(form)
    for expected in expectations("nist_univariate"):
        assert complaint(given[expected["name"]], expected) == ""


def test_a_wrong_answer_would_be_noticed():
    expected = {"name": "theta", "value": [0.5, 0.25], "kind": "equal", "atol": 1e-9}
    assert complaint([0.5, 0.25 + 5e-10], expected) == ""
    assert "times the tolerance" in complaint([0.5, 0.25 + 2e-9], expected)
    assert "shape" in complaint([0.5], expected)
    assert complaint(math.nan, {"value": 0.0, "kind": "at_least"}) != ""
    assert complaint(2, {"value": 1, "kind": "at_most"}) != ""
    assert complaint(1, {"value": 0, "kind": "flag"}) != ""


def death_notices() -> tuple[Any, Any, Any]:
    inline = answers.task("poisson_hasselblad")["data"]["inline"]
    start = ek.MixtureParams([0.3, 0.7], ek.PoissonParams([[1.0], [2.5]]))
    return ek.Mixture(ek.Poisson()), ek.ArraySource(inline["count"], inline["freq"]), start


def test_squarem_climbs_the_death_notices_in_a_hundred_passes():
    result = ek.fit(*death_notices(), solver=ek.solvers.Squarem())
    assert result.converged
    assert result.evaluations <= 100
    assert abs(result.log_likelihood - -1989.945859883) < 1e-9


@pytest.mark.slow
def test_plain_em_gets_there_too_with_its_default_rule():
    result = ek.fit(*death_notices())
    assert result.converged
    assert abs(result.log_likelihood - -1989.945859883) < 1e-8


def reached(problem: str) -> list[tuple[Any, Any, Any]]:
    """(model, data, start) of every run of a problem that is fitted from one start."""
    model, notices, start = death_notices()
    if problem == "poisson_hasselblad":
        return [(model, notices, start)]
    x = answers.column(answers.table(problem), *answers.task(problem)["data"]["feature_columns"])
    return [
        (ek.Mixture(family(floor=0.0)), x, answers.from_partition(family(floor=0.0), x, part))
        for family in answers.COVARIANCES.values()
        for part in (answers.column(answers.table(problem), f"start{k}").ravel() for k in (2, 3))
    ]


@pytest.mark.slow
@pytest.mark.parametrize("problem", ["poisson_hasselblad", "gmm_faithful", "gmm_iris"])
def test_squarem_never_ends_lower_than_plain_em_nor_takes_longer(problem):
    for model, data, start in reached(problem):
        plain = ek.fit(model, data, start)
        fast = ek.fit(model, data, start, solver=ek.solvers.Squarem())
        assert plain.converged
        assert fast.converged
        assert fast.log_likelihood >= plain.log_likelihood - 1e-8
        assert fast.evaluations <= max(1.2 * plain.evaluations, plain.evaluations + 3)


@pytest.mark.long
@pytest.mark.parametrize(("name", "best"), [("iris", ("VEV", 2)), ("faithful", ("EEE", 3))])
def test_a_choice_finds_what_mclust_finds_or_a_higher_maximum(name, best):
    """BIC of mclust 6 for one to five components, larger being better there, in all its forms; none of its fits is a spike."""
    with (answers.DATA / f"mclust_bic_{name}.csv").open() as lines:
        table = {int(row[""]): row for row in csv.DictReader(lines)}
    columns = [key for key in answers.table(f"gmm_{name}")[0] if not key.startswith("start")]
    x = answers.column(answers.table(f"gmm_{name}"), *columns)
    forms = [form for form in table[1] if form]
    found = ek.select(ek.GaussianMixture(random_state=0), x, range(1, 6), grid={"covariance_type": forms})
    assert len(found.lines) == 14 * 5
    for line in found.lines:
        theirs = table[line.cell.components][line.label]
        assert theirs == "NA" or -line.record.bic >= float(theirs) - 1e-6
        assert not line.trouble
    assert (found.best.covariance_type, found.best.n_components) == best
