"""The summary of a fit, the labels of its numbers, and all of them as a dictionary."""

import json
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pytest

import emkit as ek
from emkit.core.coordinates import Coordinates
from emkit.lessons import LESSONS, blood_groups, old_faithful, three_coins, two_coins
from emkit.report.labels import Names, column_label, labels
from emkit.report.tables import aligned
from emkit.search.seeding import spread_starts
from tests.cases import spread_mixture


def test_labels_say_what_a_number_is():
    params = ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams([[0, 1], [2, 3]], [np.eye(2)] * 2))
    said = {name: str(label) for name, label in labels(params, Names(("height", "weight"))).items()}
    assert list(said) == Coordinates(params).entry_names(params)
    assert said["proportions[1]"] == "proportion, component 2"
    assert said["components.means[1, 0]"] == "mean of height, component 2"
    assert said["components.covariances[0, 1, 0]"] == "covariance of height, weight, component 1"
    assert said["components.covariances[1, 1, 1]"] == "variance of weight, component 2"


def test_labels_of_shared_of_level_and_of_named_parameters():
    tied = ek.MixtureParams([0.5, 0.5], ek.TiedGaussianParams([[0.0], [2.0]], [[1.0]]))
    assert str(labels(tied, Names(("height",)))["components.covariance[0, 0]"]) == "variance of height"
    levels = ek.MixtureParams([0.5, 0.5], ek.CategoricalParams(([[0.2, 0.8], [0.6, 0.4]],)))
    assert (
        str(labels(levels, Names(("item",)))["components.columns.0.probabilities[1, 0]"])
        == "probability of item = 0, component 2"
    )
    genes = blood_groups().start
    assert [str(label) for label in labels(genes, Names()).values()] == ["p", "q", "r"]


def test_names_that_a_terminal_would_obey_are_shown_escaped_and_long_ones_short():
    assert column_label(["\x1b[31mred"], 0) == r"\x1b[31mred"
    assert column_label(["x" * 100], 0) == "x" * 21 + "..."
    assert column_label([], 3) == "column 3"


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.25, 0.75], ["0.25000", "0.75000"]),
        ([2.0364, 54.4785], ["2.036", "54.478"]),
        ([0.0, 0.0], ["0.0000", "0.0000"]),
        ([1.0, 1e-80], ["1.0000", "1e-80"]),
        ([123456.789, -1.0], ["123457", "-1"]),
        ([2.5e10, 1.0], ["2.5e+10", "1"]),
        ([3e-7], ["3e-07"]),
    ],
)
def test_numbers_are_aligned_and_never_shown_as_zero_unless_they_are(values, shown):
    assert aligned(np.array(values)) == shown


def test_the_summary_of_old_faithful():
    lesson = old_faithful()
    starts = spread_starts(lesson.model, lesson.source, 2, range(3))
    text = ek.fit(lesson.model, lesson.source, starts, solver=ek.solvers.Squarem()).in_order().summary()
    lines = text.splitlines()
    assert lines[0] == "Mixture of 2 gaussian components"
    assert "  log-likelihood   -1130.2640" in lines
    assert "  BIC               2322.1917  lower is better" in lines
    assert "Best reached by 3 of 3 starts." in lines
    assert "  proportion                       0.35587  0.64413" in lines
    assert "  mean         waiting              54.479   79.968" in lines
    assert "  sd           eruptions           0.26300  0.41227" in lines
    assert "  correlation  eruptions, waiting  0.28504  0.38001" in lines
    assert "Converged after" in text


@pytest.mark.parametrize("name", LESSONS)
@pytest.mark.parametrize("width", [40, 80, 100])
def test_no_line_of_a_summary_is_wider_than_asked_for_or_ends_in_blanks(name, width):
    text = LESSONS[name]().fit(solver=ek.solvers.Squarem()).summary(width=width)
    assert all(
        len(line) <= max(width, 60 if name == "old-faithful" else 0) and line == line.rstrip() for line in text.splitlines()
    )


def test_many_components_are_shown_in_several_tables():
    model, source, params = spread_mixture("poisson", k=9)
    lines = ek.fit(model, source, params, max_evaluations=3).summary().splitlines()
    headings = [line.split()[1:] for line in lines if line.startswith("  component")]
    assert len(headings) > 1
    assert [k for heading in headings for k in heading] == [str(k) for k in range(1, 10)]


def test_a_summary_with_a_thousand_columns_says_what_it_leaves_out():
    model = ek.Mixture(ek.Poisson())
    result = ek.fit(model, np.ones((2, 1000)), ek.MixtureParams([1.0], ek.PoissonParams(np.ones((1, 1000)))))
    assert "... and 941 more lines: to_dict(), or --json, has every number." in result.summary()


def test_standard_errors_stand_beside_each_number():
    text = two_coins().fit().summary(standard_errors=True)
    assert "  probability  heads  A           0.79679  0.10150  0.53438  0.93054\n" in text
    assert "  probability  heads  B           0.51958  0.13077  0.27920  0.75123\n" in text
    assert "  proportion          A           0.50000     held\n" in text
    assert text.endswith("\n  error: standard error; from, to: 95 % interval.")


def test_intervals_z_and_p_stand_beside_each_number_as_far_as_the_width_goes():
    result = old_faithful().fit()
    narrow, usual, wide = (result.summary(standard_errors=True, width=width) for width in (64, 80, 100))
    assert "  mean        waiting             short        54.479  0.59187\n" in narrow
    assert "  mean        waiting             short        54.479  0.59187   53.318   55.639\n" in usual
    assert "  mean        waiting             short        54.479  0.59187   53.318   55.639   92.04  <.001\n" in wide
    assert "  covariance  eruptions, waiting  short       0.43517  0.16600  0.10981  0.76052    2.62  0.009\n" in wide
    assert "  variance    waiting             short        33.697   4.8547   25.408   44.692\n" in wide
    assert "z, p: estimate against 0" in wide
    assert max(map(len, usual.splitlines())) <= 80


def test_where_there_is_no_standard_error_the_summary_says_why():
    text = three_coins().fit().summary(standard_errors=True)
    assert "  - : the information matrix is singular: see identifiability()." in text


def test_estimates_on_the_boundary_are_named_in_words():
    model = ek.Mixture(ek.Bernoulli())
    start = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.9, 0.5], [0.1, 0.5]]))
    result = ek.fit(model, ek.ArraySource([[1, 1]] * 6 + [[0, 1]] * 5, columns=["smokes", "drinks"]), start)
    text = " ".join(result.summary().split())
    assert "On the boundary of its space, or held by a floor, so without a standard error: " in text
    assert "probability of drinks, component 1; probability of drinks, component 2" in text


def test_a_best_that_one_start_alone_reached_is_called_so():
    lesson = old_faithful()
    poor = ek.MixtureParams([0.5, 0.5], ek.FullGaussianParams([[3.5, 70.0]] * 2, [np.diag([1.3, 180.0])] * 2))
    result = ek.fit(lesson.model, lesson.source, [lesson.start, poor], escape=False)
    assert "Best reached by 1 of 2 starts. Another start may do better still: use more starts." in " ".join(
        result.summary().split()
    )


def test_the_title_names_what_is_held_and_how_rows_are_assigned():
    lesson = two_coins()
    hard = ek.Frozen(ek.Mixture(ek.Binomial(10, ordered=True), ek.Hard()), "proportions")
    text = ek.fit(hard, lesson.source, lesson.start).summary()
    assert text.startswith("Mixture of 2 binomial components, proportions held, hard assignment\n")
    assert "  objective" in text


def test_to_dict_has_every_number_in_full_precision_and_is_json():
    result = two_coins().fit()
    found = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert found["log_likelihood"] == result.log_likelihood
    assert found["parameters"]["components"]["probabilities"] == result.params.components.probabilities.tolist()
    assert found["outcome"]["status"] == "CONVERGED"
    assert (found["rows"], found["free_parameters"], found["starts"]["tried"]) == (5, 2, 1)
    assert found["aic"] == -2 * result.log_likelihood + 4


@dataclass(frozen=True, eq=False)
class LineParams(ek.Parameters):
    """A line for each component, and a spread that all share."""

    coefficients: Annotated[ek.Array, ek.Real(), ek.Axes("component", "covariate")]
    spread: Annotated[float, ek.Positive()]


def test_labels_follow_from_the_axes_and_from_nothing_else():
    parts = (ek.PoissonParams([[1.0], [2.0]]), ek.DiagonalGaussianParams([[0.0], [1.0]], [[1.0], [1.0]]))
    product = ek.MixtureParams([0.5, 0.5], ek.ProductParams(parts, ((0,), (1,))))
    said = labels(product, Names(("visits", "age")))
    assert str(said["components.parts.0.rates[1, 0]"]) == "rate of visits, component 2"
    assert str(said["components.parts.1.means[0, 0]"]) == "mean of age, component 1"
    lines = ek.MixtureParams([0.5, 0.5], LineParams([[1.0, 2.0], [3.0, 4.0]], 1.0))
    said = labels(lines, Names(("x", "yn")))
    assert str(said["components.coefficients[1, 1]"]) == "coefficient of covariate 2, component 2"
    assert str(said["components.spread"]) == "components.spread"
    answers = ek.MixtureParams([1.0], ek.CategoricalParams([[[0.2, 0.8]]]))
    assert str(labels(answers, Names(("smokes",), (("no", "yes"),)))["components.columns.0.probabilities[0, 1]"]) == (
        "probability of smokes = yes, component 1"
    )


def said(result):
    return " ".join(result.summary().split())


def test_components_that_coincide_are_named_unasked():
    counts = [[1], [1], [1], [1], [2], [1], [1], [2], [3]]
    result = ek.MixtureModel("poisson", 2, random_state=0).fit(np.array(counts, float)).result_
    line = "Components 1 and 2 coincide: no row tells them apart, and their proportions mean nothing. Use fewer."
    assert line in said(result)
    assert line in said(result.without_data())
    start = ek.MixtureParams([0.2, 0.3, 0.5], ek.PoissonParams([[3.0], [9.0], [3.0]]))
    x = np.random.default_rng(0).poisson([[3.0]] * 50 + [[9.0]] * 30)
    three = ek.fit(ek.Frozen(ek.Mixture(ek.Poisson()), "components"), x, start, escape=False)
    assert "Components 1 and 3 coincide" in said(three)


def test_a_fit_that_is_not_identified_says_so_unasked():
    """Two classes of one yes-no item: the share of a yes is all that there is to tell."""
    x = np.repeat([[0.0], [1.0]], [30, 20], axis=0)
    start = ek.MixtureParams([0.4, 0.6], ek.SuccessParams([[0.3], [0.6]]))
    result = ek.fit(ek.Mixture(ek.Bernoulli()), x, start)
    assert "Not identified: the likelihood is flat along 2 directions, see identifiability()" in said(result)
    assert not result.identifiability()


@pytest.mark.parametrize("name", ["gaussian", "poisson"])
def test_nothing_is_said_of_what_is_identified(name):
    x = np.random.default_rng(1).poisson([[3.0]] * 150 + [[30.0]] * 150).astype(float)
    result = ek.MixtureModel(name, 2, random_state=0).fit(x).result_
    assert result.coinciding == result.flat == ()
    assert "identif" not in said(result)
    assert "coincide" not in said(result)


def test_a_formula_is_told_under_the_title_with_what_is_beside_it():
    frame = {"y": [0, 1, 2, 4, 6, 9], "x": [0, 1, 2, 3, 4, 5], "days": [1, 2, 1, 2, 1, 2], "id": list("aabbcc")}
    model = ek.MixtureRegression("y ~ x", 1, family="poisson", offset="log(days)", groups="id").fit(frame)
    assert model.result_.summary().splitlines()[1] == "formula y ~ x, offset log(days), groups id"
    told = model.result_.to_dict()
    assert (told["formula"], told["offset"], told["groups"]) == ("y ~ x", "log(days)", "id")
    assert "formula" not in two_coins().fit().to_dict()
