"""Views of rows in sequence: states, transitions and dwell times are those of the fit and of its likeliest paths."""

from __future__ import annotations

import json
from itertools import groupby

import numpy as np
import pytest

import emkit as ek
from emkit import views
from emkit.views.sequences import dwell_bins
from tests.models.test_hidden_markov import DATA

LENGTHS = [50, 57]


@pytest.fixture(scope="module")
def counts():
    return np.loadtxt(DATA, delimiter=",", skiprows=1)[:, 1:]


@pytest.fixture(scope="module")
def quakes(counts):
    return ek.HiddenMarkov("poisson", 3, random_state=0).fit(counts, lengths=LENGTHS)


def test_dwell_times_are_runs_of_the_likeliest_paths(quakes, counts):
    found = quakes.result_.dwell_times()
    runs = [[], [], []]
    cut = [[], [], []]
    for path in np.split(quakes.predict(counts, LENGTHS), [50]):
        here = [(state, len(list(same))) for state, same in groupby(path.tolist())]
        for i, (state, length) in enumerate(here):
            runs[state].append(length)
            if i in (0, len(here) - 1):
                cut[state].append(length)
    assert [own.tolist() for own in found.decoded] == runs
    assert [own.tolist() for own in found.cut] == cut
    assert sum(map(sum, runs)) == 107
    json.dumps(found.to_dict())


def test_expected_dwell_times_are_those_of_the_geometric_distribution(quakes):
    found = quakes.result_.dwell_times()
    np.testing.assert_allclose(found.expected, 1 / (1 - np.diag(quakes.transmat_)))
    rows = np.arange(0, 20_000)
    each = found.probability(rows)
    assert each[0].tolist() == [0, 0, 0]
    np.testing.assert_allclose(each.sum(axis=0), 1, rtol=1e-9)
    np.testing.assert_allclose(rows @ each, found.expected, rtol=1e-9)


def test_a_state_that_is_never_left_lasts_for_ever(counts):
    eras = ek.HiddenMarkov("poisson", 2, topology="left-right").fit(counts)
    found = eras.result_.dwell_times()
    assert found.expected[1] == np.inf
    assert found.probability([1, 9])[:, 1].tolist() == [0.0, 0.0]
    assert found.to_dict()["expected"][1] is None
    assert views.transition_graph(eras.result_).shares.tolist() == pytest.approx([0.0, 1.0])


def test_a_fit_from_a_file_knows_what_it_expects(quakes, tmp_path):
    quakes.result_.save(tmp_path / "quakes.emk")
    kept = ek.load(tmp_path / "quakes.emk")
    np.testing.assert_allclose(kept.dwell_times().expected, quakes.result_.dwell_times().expected)
    assert kept.dwell_times().decoded == ()
    with pytest.raises(ek.ModelError, match="not stored with the fit"):
        dwell_bins(kept.dwell_times())
    with pytest.raises(ek.DataError):
        kept.plot("states")


def test_states_over_time_have_the_path_and_the_means_of_its_states(quakes, counts):
    found = views.state_sequence(quakes.result_)
    path = quakes.predict(counts, LENGTHS)
    np.testing.assert_array_equal(found.states, path)
    np.testing.assert_array_equal(found.values, counts[:, 0])
    assert found.bounds.tolist() == [0, 50]
    np.testing.assert_allclose(found.means, [counts[path == k].mean() for k in range(3)])
    later = views.state_sequence(quakes.result_, first=60)
    assert (later.first, later.of, len(later.values)) == (60, 107, 47)
    np.testing.assert_allclose(later.means, found.means)
    with pytest.raises(ek.ParameterError, match="first is 107; there are rows 0 to 106"):
        views.state_sequence(quakes.result_, first=107)


def test_transitions_have_the_shares_of_the_long_run(quakes, counts):
    found = views.transition_graph(quakes.result_)
    np.testing.assert_array_equal(found.transitions, quakes.transmat_)
    np.testing.assert_allclose(found.shares, quakes.get_stationary_distribution())
    start = ek.HiddenMarkovParams([0.5, 0.5], np.eye(2), ek.PoissonParams([[15.0], [25.0]]))
    apart = ek.fit(ek.HiddenMarkovChain("poisson"), counts, start)
    assert np.isnan(views.transition_graph(apart).shares).all()
    assert json.loads(json.dumps(views.transition_graph(apart).to_dict()))["shares"] == [None, None]


def test_rows_in_no_order_have_no_chain(counts):
    mixture = ek.MixtureModel("poisson", 2, random_state=0).fit(counts).result_
    for ask in (mixture.dwell_times, lambda: mixture.plot("states"), lambda: mixture.plot("transitions")):
        with pytest.raises(ek.ModelError, match="Mixture is no chain of states that follow each other"):
            ask()
