"""Derivations: what SymPy finds is what the code computes, and what is printed is well formed."""

import json
import re
import subprocess
import sys
from functools import cache
from itertools import product
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import digamma
from sympy import (
    Derivative,
    Function,
    Indexed,
    IndexedBase,
    Matrix,
    Product,
    Sum,
    Symbol,
    binomial,
    diff,
    log,
    preorder_traversal,
    simplify,
    symbols,
)

import emkit as ek
from emkit import lessons
from emkit.core.parameters import get_at
from emkit.data.chunk import Chunk
from emkit.derivations import WITHOUT, derivation, derived_names
from emkit.derivations.algebra import confirmed, gather, i, numbers, x
from emkit.derivations.coins import given_numbers
from emkit.derivations.covariance import two_columns
from emkit.derivations.printing import mathml
from emkit.explain.steps import work_out
from tests.cases import CASE, FAMILIES, estimate

n = 17
BY_COLUMN = [
    case.name for case in FAMILIES if case.by_column and case.family.name in ek.FAMILIES and case.family.name not in WITHOUT
]
LESSONS = [lessons.two_coins(), lessons.two_coins(free_proportions=True), lessons.three_coins()]
EVERYTHING = [*derived_names(), *LESSONS]


def called(subject):
    return subject if isinstance(subject, str) else subject.name


@cache
def rows(name):
    """Rows of a case, (n, d), and responsibilities times the weights of the rows, (n, K)."""
    case, rng = CASE[name], np.random.default_rng(7)
    return case.draw(rng, n), rng.dirichlet(np.ones(case.n_components), n) * rng.uniform(0.2, 3, (n, 1))


def estimated(name):
    case, (data, r) = CASE[name], rows(name)
    return estimate(case.family, case.family.statistics(case.params, data, r), case.params)


def derived_for(name):
    return derivation(CASE[name].family.name)


def column_numbers(name, j):
    data, r = rows(name)
    return {"r": r, "x": data[:, j], "h": data[:, j], "t": getattr(CASE[name].family, "trials", 0) - data[:, j], "n": n}


def places(name):
    """Every component and column of a case."""
    data, r = rows(name)
    return product(range(r.shape[1]), range(data.shape[1]))


@pytest.mark.parametrize("name", BY_COLUMN)
def test_the_derived_solution_is_what_the_family_estimates(name):
    found, derived = estimated(name), derived_for(name)
    for k, j in places(name):
        given = column_numbers(name, j) | {"k": k + 1}
        for solved in derived.solutions:
            expected = get_at(found, solved.entry)[k, j]
            if solved.value is not None:
                assert numbers(solved.value, **given) == pytest.approx(expected, rel=1e-12)
            given[str(solved.symbol)] = expected


@pytest.mark.parametrize("name", BY_COLUMN)
def test_the_first_order_condition_holds_at_the_estimate(name):
    found, derived = estimated(name), derived_for(name)
    for k, j in places(name):
        values = {str(solved.symbol): get_at(found, solved.entry)[k, j] for solved in derived.solutions}
        given = column_numbers(name, j) | {"k": k + 1}
        for solved in derived.solutions:
            nearby = dict(values, **{str(solved.symbol): values[str(solved.symbol)] * 1.01})
            slope = numbers(solved.condition, **given, **values)
            assert abs(slope) < 1e-11 * abs(numbers(solved.condition, **given, **nearby))


@pytest.mark.parametrize("name", [name for name in BY_COLUMN if not name.endswith(("-large", "-ordered"))])
def test_a_derivation_starts_from_the_density_of_the_family(name):
    case, derived, data = CASE[name], derived_for(name), rows(name)[0]
    density = derived.steps[0].formulas[0].rhs
    own = np.exp(case.family.log_density(case.params, data))
    for row, k in product(range(3), range(case.n_components)):
        written = 1.0
        for j in range(data.shape[1]):
            given = {str(solved.symbol): get_at(case.params, solved.entry)[k, j] for solved in derived.solutions}
            cells = {"x": data[row, j], "h": data[row, j], "t": getattr(case.family, "trials", 0) - data[row, j]}
            written *= numbers(density, i=1, **given, **{letter: np.array([cell]) for letter, cell in cells.items()})
        assert written == pytest.approx(own[row, k], rel=1e-10)


def test_gamma_has_an_equation_instead_of_a_closed_form():
    derived = derivation("gamma")
    assert derived["shapes"].value is None
    assert "ψ" in str(derived)


def test_the_fixed_point_of_gamma_leads_to_the_estimate():
    data, r = (columns[:, 0] for columns in rows("gamma"))
    found = estimated("gamma").shapes[0, 0]
    spread = np.log(r @ data / r.sum()) - r @ np.log(data) / r.sum()
    shape = 2.0
    for _ in range(200):
        shape = brentq(lambda a, right: digamma(a) - right, 1e-3, 1e3, args=(np.log(shape) - spread,), xtol=1e-14)
    assert shape == pytest.approx(found, rel=1e-10)


def test_spherical_and_full_and_tied_covariances():
    names = ("gaussian-spherical", "gaussian", "gaussian-tied")
    given = {}
    for name in names:
        found, derived, (data, r) = estimated(name), derived_for(name), rows(name)
        given[name] = {"r": r, "x": data, "n": n, "d": data.shape[1], "K": r.shape[1]}
        for k, j in places(name):
            mean = numbers(derived["means"].value, **given[name], k=k + 1, j=j + 1, a=j + 1)
            assert mean == pytest.approx(found.means[k, j], rel=1e-12)
    round_, full, tied = (estimated(name) for name in names)
    for k in range(given["gaussian-spherical"]["K"]):
        value = derivation("gaussian-spherical")["variances"].value
        at = given["gaussian-spherical"] | {"k": k + 1, "mu": round_.means[k]}
        assert numbers(value, **at) == pytest.approx(round_.variances[k], rel=1e-12)
    for k, a in places("gaussian"):
        for b in range(given["gaussian"]["d"]):
            value = derivation("gaussian")["covariances"].value
            at = given["gaussian"] | {"k": k + 1, "a": a + 1, "b": b + 1, "mu": full.means}
            assert numbers(value, **at) == pytest.approx(full.covariances[k, a, b], rel=1e-12)
            value = derivation("gaussian-tied")["covariance"].value
            at = given["gaussian-tied"] | {"a": a + 1, "b": b + 1, "mu": tied.means}
            assert numbers(value, **at) == pytest.approx(tied.covariance[a, b], rel=1e-12)


def test_categorical():
    found, derived, (codes, r) = estimated("categorical"), derivation("categorical")["columns"], rows("categorical")
    for j, column in enumerate(found.columns):
        levels = column.probabilities.shape[1]
        one_hot = np.eye(levels)[codes[:, j].astype(int)]
        for k, c in product(range(r.shape[1]), range(levels)):
            at = {"r": r, "x": one_hot, "n": n, "C": levels, "k": k + 1, "m": c + 1}
            assert numbers(derived.value, **at) == pytest.approx(column.probabilities[k, c], rel=1e-12)
            assert numbers(derived.condition, **at, theta=column.probabilities) == pytest.approx(0, abs=1e-11)


def test_every_derivation_of_a_family_is_compared_with_its_estimates():
    one_by_one = {"gaussian", "gaussian-spherical", "gaussian-tied", "categorical"}
    assert set(derived_names()) - {"proportions", "transitions"} == {CASE[name].family.name for name in BY_COLUMN} | one_by_one


def test_proportions():
    case, (data, _) = CASE["poisson"], rows("poisson")
    model, weights = ek.Mixture(case.family), np.random.default_rng(8).uniform(0.2, 3, n)
    chunk = Chunk(data, weights)
    shares = model.posterior(case.mixture, chunk).responsibilities * weights[:, None]
    found = model.m_step(model.e_step(case.mixture, chunk).statistics, case.mixture).proportions
    derived = derivation("proportions")["proportions"]
    for k in range(case.n_components):
        at = {"r": shares, "n": n, "K": case.n_components, "k": k + 1, "m": k + 1}
        assert numbers(derived.value, **at) == pytest.approx(found[k], rel=1e-12)
        assert numbers(derived.condition, **at, pi=found) == pytest.approx(0, abs=1e-11)


def test_transitions():
    lesson = lessons.earthquakes()
    found = work_out(lesson)
    xi, after = found.e_step.pairs, found.params[1].transitions
    derived = derivation("transitions")["transitions"]
    for j, m in product(range(2), repeat=2):
        at = {"xi": xi, "T": found.e_step.length, "K": 2, "j": j + 1, "m": m + 1}
        assert numbers(derived.value, **at) == pytest.approx(after[j, m], rel=1e-11)
        assert numbers(derived.condition, **at, A=after) == pytest.approx(0, abs=1e-9)


def test_a_chain_is_derived_with_its_family():
    both = derivation(lessons.umbrella())
    assert [solved.entry for solved in both.solutions] == ["transitions", "probabilities"]
    assert "it is not the product of two shares" in " ".join(str(both).split())
    assert both.title == "The umbrella world: the M-step"
    alone = derivation(ek.HiddenMarkovChain("student-t"))
    assert [solved.entry for solved in alone.solutions] == ["transitions"]


@pytest.mark.parametrize("lesson", LESSONS, ids=called)
def test_the_updates_of_a_lesson(lesson):
    chunk = next(iter(lesson.source.chunks()))
    found = lesson.model.m_step(lesson.model.e_step(lesson.start, chunk).statistics, lesson.start)
    derived = derivation(lesson)
    assert {str(solved.symbol) for solved in derived.solutions} == set(lesson.symbols)
    expected = {}
    for symbol, place in lesson.symbols.items():
        path, index = place.rstrip("]").split("[")
        expected[symbol] = get_at(found, path)[tuple(int(part) for part in index.split(","))]
    for symbol, value in expected.items():
        given = given_numbers(lesson)
        assert numbers(derived[symbol].value, **given) == pytest.approx(value, rel=1e-12)
        assert numbers(derived[symbol].condition, **given, **expected) == pytest.approx(0, abs=1e-11)


def test_the_exercise_of_the_binomial_is_done():
    assert "0.7130122" in str(derivation(LESSONS[0]))
    assert "M \\sum_{i=1}^{n} {r}_{i,k}" in derivation("binomial").to_latex()


def test_two_columns_agree_with_the_code():
    solution = {str(name): value for name, value in two_columns().solution.items()}
    full, (data, r) = estimated("gaussian"), rows("gaussian")
    deviation = data - full.means[0]
    scatter = (deviation * r[:, :1]).T @ deviation
    for name, place in {"c_11": (0, 0), "c_12": (0, 1), "c_22": (1, 1)}.items():
        values = {Symbol("N_k", positive=True): r[:, 0].sum(), Symbol("w" + name[1:], real=True): scatter[place]}
        assert float(solution[name].subs(values)) == pytest.approx(full.covariances[0][place], rel=1e-12)


def test_the_derivative_of_a_log_determinant_is_the_inverse():
    p = symbols("p0:9")
    matrix = Matrix(3, 3, p)
    gradient = Matrix(3, 3, [diff(log(matrix.det()), entry) for entry in p])
    assert simplify(gradient - matrix.inv().T) == Matrix.zeros(3, 3)


def test_a_wrong_estimate_would_be_noticed():
    mean = estimated("poisson").rates[0, 0]
    value = derivation("poisson")["rates"].value
    forgot_the_weights = numbers(value, **column_numbers("poisson", 0) | {"r": np.ones_like(rows("poisson")[1]), "k": 1})
    assert forgot_the_weights != pytest.approx(mean, rel=1e-3)


def test_nothing_is_stated_that_was_not_found():
    with pytest.raises(RuntimeError, match="SymPy could not confirm that the sky is green"):
        confirmed(None, "the sky is green")
    with pytest.raises(ValueError, match="has no name among"):
        gather(Symbol("theta") * x[i], {})


def test_every_family_has_a_derivation_or_a_reason():
    for name in ek.FAMILIES:
        assert (name in derived_names()) != (name in WITHOUT), f"{name} has neither a derivation nor a reason"
    assert all(reason.endswith(".") for reason in WITHOUT.values())


@pytest.mark.parametrize("subject", EVERYTHING, ids=called)
def test_latex_is_well_formed(subject):
    written = derivation(subject).to_latex()
    assert written.isascii()
    assert not re.search(r"Indexed|Symbol|Function|None|Unevaluated|Piecewise|polygamma|Trace|\\mathtt|\{\w+\}_with", written)
    words = re.sub(r"\\\[.*?\\\]|(?<!\\)\$.*?(?<!\\)\$", "", written, flags=re.S)
    assert not re.search(r"(?<!\\)[_^&#%~]", words)
    assert written.count(r"\left") == written.count(r"\right") > 0
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", written):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert len(re.findall(r"(?<!\\)\$", written)) % 2 == 0


@pytest.mark.parametrize("subject", EVERYTHING, ids=called)
def test_markdown_text_and_plain_values(subject):
    derived = derivation(subject)
    markdown, text = derived.to_markdown(), derived.to_text()
    assert markdown.count("$$") == 2 * sum(len(step.formulas) for step in derived.steps)
    assert derived._repr_markdown_() == markdown
    assert str(derived) == text
    assert not re.search(r"[{}]|[ \t]\n|None|\btheta\b_|Indexed", text)
    assert max(map(len, text.splitlines())) <= 132
    plain = json.loads(json.dumps(derived.to_dict()))
    assert [len(step["formulas"]) for step in plain["steps"]] == [len(step.formulas) for step in derived.steps]
    for formula in (formula for step in plain["steps"] for formula in step["formulas"]):
        ElementTree.fromstring(f"<math>{formula['mathml']}</math>")


@pytest.mark.parametrize("subject", EVERYTHING, ids=called)
def test_mathml_has_signs_and_names_where_a_printer_has_words(subject):
    words = {"log", "tr", "const", "new", "rest", "AA", "AO", "BB", "BO", "AB", "OO"}
    for step in derivation(subject).steps:
        for formula in step.formulas:
            tree = ElementTree.fromstring(f"<math>{mathml(formula)}</math>")
            long = {node.text for node in tree.iter("mi") if len(node.text) > 2}
            assert {text for text in long if not text.startswith("y")} <= words
            signs = [node[0].text for node in tree.iter("munderover")]
            for sign, kind in (("∑", Sum), ("∏", Product)):
                assert signs.count(sign) == sum(_limits(formula, kind))


def _limits(formula, kind):
    """How many limits each sum or product of a formula has, each as often as it is written."""
    return [len(e.limits) for e in preorder_traversal(formula) if isinstance(e, kind)]


def test_mathml_of_products_choices_orders_and_indices():
    k, m = symbols("k m")
    r, q = IndexedBase("r"), IndexedBase("Q_A")
    assert _flat(Product(r[i, k], (k, 1, 2), (i, 1, m))) == "∏i=1m∏k=12ri,k"
    assert _flat(Sum(1 - q[i], (i, 1, m))) == "∑i=1m(1-QA,i)"
    assert _flat(binomial(m, k) * log(m) * r[i]) == "(mk)rilog(m)"
    assert _flat(Derivative(Function("Q_k")(k), (k, 2))) == "d2dk2Qk(k)"


def _flat(formula):
    text = "".join(ElementTree.fromstring(f"<math>{mathml(formula)}</math>").itertext())
    return re.sub(r"\s", "", text)


def test_a_family_or_a_model_may_be_given_and_other_lessons_fall_back_on_their_family():
    assert derivation(ek.Poisson()).name == "poisson"
    assert derivation(ek.Frozen(ek.Mixture(ek.Gamma()), "proportions")).name == "gamma"


def test_messages():
    with pytest.raises(
        ek.ModelError, match=r"there is no derivation of 'cauchy'; cauchy is no family of emkit. There are prop"
    ):
        derivation("cauchy")
    with pytest.raises(KeyError, match="'shape' is not derived here; there are rates"):
        derivation("poisson")["shape"]


def test_importing_emkit_and_derivations_does_not_import_sympy():
    check = "import sys, emkit, emkit.derivations; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize("name", ["linkage", "blood-groups"])
def test_gene_counting_is_the_m_step_of_the_table(name):
    lesson = lessons.lesson_named(name)
    derived = ek.derivation(lesson)
    counts = np.random.default_rng(0).uniform(1, 50, len(lesson.model.cells))
    found = lesson.model.m_step(counts, lesson.start)
    values = {Indexed("nbar", Symbol(cell.name)): value for cell, value in zip(lesson.model.cells, counts, strict=True)}
    assert {solved.entry for solved in derived.solutions} == set(lesson.model.names)
    for solved in derived.solutions:
        assert float(solved.value.subs(values)) == pytest.approx(found[solved.entry], rel=1e-12)
        assert float(solved.condition.subs({**values, solved.symbol: found[solved.entry]})) == pytest.approx(0, abs=1e-9)


def test_the_derived_line_is_the_one_that_emkit_estimates():
    rng = np.random.default_rng(11)
    x, r = rng.normal(2.0, 1.0, 40), rng.dirichlet([1.0, 1.0], 40)
    y = 1.0 - 0.5 * x + rng.normal(size=40)
    data = np.column_stack([y, x])
    family = ek.NormalRegression(0, (1,)).settled(ek.ArraySource(data).profile)
    before = ek.NormalRegressionParams([[0.0, 0.0], [1.0, 1.0]], [1.0, 2.0])
    found = estimate(family, family.statistics(before, data, r), before)
    line = derivation("normal regression")
    for k in range(2):
        a, b = found.coefficients[k]
        given = {"r": r, "x": x, "y": y, "n": 40, "k": k + 1}
        assert numbers(line["intercept"].value, **given) == pytest.approx(a, rel=1e-9)
        assert numbers(line["slope"].value, **given) == pytest.approx(b, rel=1e-9)
        assert numbers(line["variances"].value, **given, a_k=a, b_k=b) == pytest.approx(found.variances[k], rel=1e-9)
        assert abs(numbers(line["slope"].condition, **given, a_k=a, b_k=b)) < 1e-9
