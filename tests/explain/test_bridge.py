"""The bridge from argmax to the numbers: its lines, in every notation, hold against the data, SymPy and the record."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from click.testing import CliRunner

import emkit as ek
from emkit.cli.explain import command
from emkit.explain import subject_of_fit
from emkit.explain.bridge import Numbers, bridge
from emkit.explain.notation import NOTATIONS, notation_named
from emkit.explain.steps import work_out
from emkit.formulas.numerals import significant
from emkit.lessons import lesson_named
from tests.explained import SUBJECTS


def crossed(subject, notation="cs229", number=1):
    """The links by name, with their lines filled in."""
    step, chosen = work_out(subject, number), notation_named(notation)
    numbers = Numbers(chosen.states(step.components), step)
    return {link.name: [numbers.fill(line) for line in link.lines] for link in bridge(subject, step, chosen)}


def test_two_coins_cross_in_cs229_letters():
    assert crossed(lesson_named("two-coins")) == {
        "bound": ["argmax_theta sum_i sum_z Q_i(z) log (p(x^(i),z;theta) / (Q_i(z)))"],
        "drop": ["= argmax_theta sum_i sum_z Q_i(z) log p(x^(i),z;theta)"],
        "split": ["= argmax_theta sum_i sum_z Q_i(z) [log p(z;theta) + log p(x^(i)|z;theta)]"],
        "density": ["= argmax_theta sum_i Q_i(z=A) [heads_i log theta_A + tails_i log (1 - theta_A)] + the same for B"],
        "collect": [
            "sum_i Q_i(z=A) heads_i = 2.25 + 7.24 + 5.87 + 1.41 + 4.53 = 21.30",
            "sum_i Q_i(z=A) tails_i = 2.25 + 0.80 + 1.47 + 2.11 + 1.94 = 8.57",
            "sum_i Q_i(z=B) heads_i = 2.75 + 1.76 + 2.13 + 2.59 + 2.47 = 11.70",
            "sum_i Q_i(z=B) tails_i = 2.75 + 0.20 + 0.53 + 3.89 + 1.06 = 8.43",
            "= argmax_theta 21.30 log theta_A + 8.57 log (1 - theta_A) + 11.70 log theta_B + 8.43 log (1 - theta_B)",
        ],
        "derivative": ["21.30 / theta_A - 8.57 / (1 - theta_A) = 0", "11.70 / theta_B - 8.43 / (1 - theta_B) = 0"],
        "ratio": [
            "theta_A = sum_i Q_i(z=A) heads_i / (10 sum_i Q_i(z=A))",
            "theta_B = sum_i Q_i(z=B) heads_i / (10 sum_i Q_i(z=B))",
        ],
        "numbers": ["theta_A = 21.30 / (21.30 + 8.57) = 0.7130", "theta_B = 11.70 / (11.70 + 8.43) = 0.5813"],
    }


def test_three_coins_cross_to_the_rules_of_the_slides():
    links = crossed(lesson_named("three-coins"), "slides")
    assert links["ratio"] == ["alpha = sum_i mu_i heads_i / (sum_i mu_i)", "beta = sum_i (1-mu_i) heads_i / (sum_i (1-mu_i))"]
    assert links["chances-ratio"][0] == "pi = sum_i mu_i / 10 = 4.43 / 10 = 0.4431"
    shown = [links["chances-ratio"][0], *links["numbers"]]
    right = [Fraction(261, 589), Fraction(31, 145), Fraction(186, 205)]
    assert [line.rpartition("= ")[2] for line in shown] == [f"{float(value):.4f}" for value in right]


def test_means_and_covariances_of_normal_components_are_weighted_sums_over_rows():
    lesson = lesson_named("old-faithful")
    links = crossed(lesson)
    x = lesson.source.x
    shares = lesson.model.posterior(lesson.start, next(iter(lesson.source.chunks()))).responsibilities
    after = lesson.explain().step.params[1].components
    totals = [significant(value, 5) for value in (shares.T @ x).ravel()]
    assert [re.search(r"= (\S+) / ", line)[1] for line in links["reason-3"][1:]] == totals
    away = x - after.means[0]
    scatter = (shares[:, :1] * away).T @ away
    shown = [float(re.search(r"= (\S+) / ", line)[1]) for line in links["reason-5"][1:4]]
    assert shown == pytest.approx([scatter[0, 0], scatter[0, 1], scatter[1, 1]], rel=1e-4)
    assert not any(re.search(r"\bcovariance\)?$", line) for lines in links.values() for line in lines)


@pytest.mark.parametrize("form", ["diag", "tied", "spherical"])
def test_other_forms_of_covariance_are_sums_over_rows_too(form):
    """The last line of each number against the mean of squares about the new means, made here."""
    x = lesson_named("old-faithful").source.x[:40]
    fit = ek.GaussianMixture(2, covariance_type=form, random_state=0, n_init=1).fit(x).result_
    start = fit.record.start
    shares = fit.model.posterior(start, next(iter(fit.source.chunks()))).responsibilities
    means = shares.T @ x / shares.sum(axis=0)[:, None]
    away = x[:, None] - means[:, None].transpose(1, 0, 2)
    right = {
        "diag": (np.einsum("nk,nkd->kd", shares, away**2) / shares.sum(axis=0)[:, None]).ravel(),
        "tied": np.einsum("nk,nkd,nke->de", shares, away, away)[np.tril_indices(2)] / 40,
        "spherical": np.einsum("nk,nkd->k", shares, away**2) / (2 * shares.sum(axis=0)),
    }[form]
    links = crossed(subject_of_fit(fit.model, fit.source, start))
    assert [float(line.rpartition("= ")[2]) for line in links["reason-3"][1:]] == pytest.approx(means.ravel(), rel=1e-3)
    assert [float(line.rpartition("= ")[2]) for line in links["reason-5"][1:]] == pytest.approx(right, rel=1e-3)


@pytest.mark.parametrize("notation", NOTATIONS)
def test_notations_change_the_letters_and_not_the_numbers(notation):
    def last(lines):
        return [line.rpartition(" = ")[2].replace("ln", "log") for line in lines]

    for name in ("two-coins", "three-coins", "old-faithful", "death-notices", "umbrella", "blood-groups"):
        own, other = crossed(lesson_named(name), notation), crossed(lesson_named(name), "coin")
        assert list(own) == list(other)
        if notation != "coin":
            assert own["bound"] != other["bound"]
        for link in set(own) - {"bound", "drop", "split", "density", "paths", "reason-1", "reason-2", "reason-4"}:
            assert last(own[link]) == last(other[link]) or link in ("ratio", "collect", "reason-3", "reason-5")


def test_the_derivative_is_that_of_sympy():
    sympy = pytest.importorskip("sympy")
    from emkit.derivations import derivation
    from emkit.derivations.algebra import numbers
    from emkit.derivations.coins import given_numbers

    lesson = lesson_named("two-coins")
    given, solved = given_numbers(lesson), derivation(lesson)["theta_A"]
    theta = sympy.Symbol("theta_A")
    shown = sympy.sympify(crossed(lesson)["derivative"][0].removesuffix(" = 0"), {"theta_A": theta})
    for at in (0.3, 0.6, 0.9):
        right = numbers(solved.condition.subs(solved.symbol, at), **given)
        assert float(shown.subs(theta, at)) == pytest.approx(right, rel=2e-3)


@pytest.mark.parametrize("name", SUBJECTS)
def test_every_place_is_filled_and_every_number_is_that_of_the_step(name):
    subject = SUBJECTS[name]
    step = work_out(subject)
    links = crossed(subject, "bishop")
    lines = [line for lines in links.values() for line in lines]
    assert not any("{" in line for line in lines)
    values = [line for line in lines if " = " in line and line.split(" = ")[0] in step.after]
    computed = {update.symbol: update.computed for update in step.updates}
    for line in values:
        symbol, *_, last = line.split(" = ")
        if re.fullmatch(r"-?[\d.e+-]+", last):
            assert float(last) == pytest.approx(computed[symbol], rel=1e-3, abs=1e-12)


def paths_counted(lesson):
    """Expected starts (K,), moves (K, K) and visits of rows with a 1 and with a 0, (2, K), by going through every path."""
    start, states = lesson.start, range(2)
    starts, moves, seen = np.zeros(2), np.zeros((2, 2)), np.zeros((2, 2))
    for days in np.split(lesson.source.x[:, 0], lesson.source.groups[1:-1]):
        paths = list(product(states, repeat=len(days)))
        chances = np.array([start.initial[path[0]] for path in paths])
        for n, path in enumerate(paths):
            chances[n] *= np.prod([start.transitions[move] for move in pairwise(path)])
            shows = start.components.probabilities[list(path), 0]
            chances[n] *= np.prod(np.where(days == 1, shows, 1 - shows))
        for path, share in zip(paths, chances / chances.sum(), strict=True):
            starts[path[0]] += share
            for move in pairwise(path):
                moves[move] += share
            np.add.at(seen, (np.where(days == 1, 0, 1), list(path)), share)
    return starts, moves, seen


def test_a_chain_crosses_to_what_counting_along_every_path_gives():
    lesson = lesson_named("umbrella")
    links = crossed(lesson)
    starts, moves, ((umbrella, _), (none, _)) = paths_counted(lesson)
    assert links["first"] == [
        f"sum Q_1(z=rain) = {starts[0]:.2f}",
        f"argmax {starts[0]:.2f} log initial_rain + {starts[1]:.2f} log (1 - initial_rain)",
    ]
    assert links["first-ratio"][0] == f"initial_rain = sum Q_1(z=rain) / 2 = {starts[0]:.2f} / 2 = {starts[0] / 2:.4f}"
    assert links["moves"][:2] == [
        f"sum_t Q_t(z=rain,z'=rain) = {moves[0, 0]:.2f}",
        f"argmax {moves[0, 0]:.2f} log transition_rain_rain + {moves[0, 1]:.2f} log (1 - transition_rain_rain)",
    ]
    name = "transition_dry_rain"
    assert links["moves-slope"][1] == f"{moves[1, 0]:.2f} / {name} - {moves[1, 1]:.2f} / (1 - {name}) = 0"
    shown = [float(line.rpartition(" = ")[2]) for line in links["moves-ratio"]]
    assert shown == pytest.approx((moves / moves.sum(axis=1, keepdims=True)).ravel(), abs=6e-5)
    assert links["numbers"][0] == (
        f"probability_rain = {umbrella:.2f} / ({umbrella:.2f} + {none:.2f}) = {umbrella / (umbrella + none):.4f}"
    )


def test_a_table_of_cells_crosses_to_shares_of_what_occurs():
    assert crossed(lesson_named("linkage"), "slides") == {
        "bound": ["argmax_theta sum_i N_i sum_z q(z_i) ln (Pr(x_i,z_i|theta) / (q(z_i)))"],
        "drop": ["= argmax_theta sum_i N_i sum_z q(z_i) ln Pr(x_i,z_i|theta)"],
        "density": [
            "ln Pr(z=y1) = ln 0.5",
            "ln Pr(z=y1') = ln 0.25 + ln theta",
            "ln Pr(z=y2) = ln 0.25 + ln rest",
            "ln Pr(z=y3) = ln 0.25 + ln rest",
            "ln Pr(z=y4) = ln 0.25 + ln theta",
        ],
        "collect": [
            "sum_i N_i mu_i(y1) = 100.00",
            "sum_i N_i mu_i(y1') = 25.00",
            "sum_i N_i mu_i(y2) = 18.00",
            "sum_i N_i mu_i(y3) = 20.00",
            "sum_i N_i mu_i(y4) = 34.00",
        ],
        "occurrences": ["(25.00 + 34.00) ln theta = 59.00 ln theta", "(18.00 + 20.00) ln rest = 38.00 ln rest"],
        "chances": ["argmax 59.00 ln theta + 38.00 ln (1 - theta)"],
        "chances-slope": ["59.00 / theta - 38.00 / (1 - theta) = 0"],
        "chances-ratio": ["theta = 59.00 / (59.00 + 38.00) = 0.6082", "rest = 38.00 / (59.00 + 38.00) = 0.3918"],
    }


def test_genes_are_counted_twice_where_a_cell_has_two():
    links = crossed(lesson_named("blood-groups"))
    a, b = 186 * 9 / (9 + 30), 38 * 4 / (4 + 20)  # AA of A, BB of B: squares against twice the products
    p, q, r = 2 * a + (186 - a) + 13, 2 * b + (38 - b) + 13, (186 - a) + (38 - b) + 2 * 284
    assert links["occurrences"][0] == f"(2 * {a:.2f} + {186 - a:.2f} + 13.00) log p = {p:.2f} log p"
    assert links["chances-slope"] == [f"{p:.2f} / p - lambda = 0"]
    assert [line.rpartition(" = ")[2] for line in links["chances-ratio"]] == [significant(n / 1042) for n in (p, q, r)]


def test_chances_that_are_held_and_moves_that_cannot_be_have_no_links():
    model = ek.HiddenMarkovChain(ek.Poisson())
    ahead = [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]]
    start = ek.HiddenMarkovParams([1.0, 0.0, 0.0], ahead, ek.PoissonParams([[1.0], [4.0], [9.0]]))
    source = ek.ArraySource([1, 0, 2, 5, 4, 3, 9, 8, 11, 10]).as_one_group()
    subject = subject_of_fit(ek.Frozen(model, "initial"), source, start)
    links = crossed(subject)
    assert not [name for name in links if name.startswith("first")]
    assert len(links["moves-slope"]) == 2
    assert [line.partition(" = ")[0] for line in links["moves-ratio"]] == [
        f"transition_{move}" for move in ("1_1", "1_2", "2_2", "2_3")
    ]


def test_what_has_no_bridge_is_explained_without():
    assert "BRIDGE" in str(lesson_named("earthquakes").explain())
    assert "BRIDGE" not in str(lesson_named("two-coins").assigned(ek.Hard()).explain())
    assert [link["name"] for link in lesson_named("two-coins").explain().to_dict()["bridge"]][-1] == "numbers"


def test_three_components_share_with_a_multiplier():
    rng = np.random.default_rng(3)
    model = ek.Mixture(ek.Poisson())
    source = ek.ArraySource(rng.poisson([[1], [5], [12]] * 8).astype(float))
    start = ek.MixtureParams([0.2, 0.3, 0.5], ek.families.PoissonParams([[1.0], [4.0], [10.0]]))
    links = crossed(subject_of_fit(model, source, start))
    assert links["chances-slope"][0].endswith("- lambda = 0")
    assert len(links["numbers"]) == 3


@pytest.mark.parametrize("name", ["CS229", "Bishop", "sLiDeS"])
def test_notations_are_known_in_any_case(name):
    assert notation_named(name) is NOTATIONS[name.lower()]
    done = CliRunner().invoke(command, ["two-coins", "--notation", name])
    assert done.exit_code == 0
    assert "BRIDGE" in done.stdout
