"""Rows of which most cells are 0: the same numbers as from an array, and only what is not 0 is looked at in a pass."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.spatial.distance import pdist

import emkit as ek
from emkit.data.sparse import FEWER, SparseRows, in_fewer_columns
from emkit.data.subsample import in_standard_units

RNG = np.random.default_rng(0)
COMPONENT = RNG.integers(0, 2, 600)
COUNTS = RNG.poisson(np.where(RNG.random((2, 12)) < 0.5, 0.1, 0.9)[COMPONENT]).astype(float)
FAMILIES = {
    "poisson": COUNTS,
    "multinomial": COUNTS,
    "bernoulli": np.minimum(COUNTS, 1),
    "geometric": COUNTS + 1,
    "exponential": COUNTS + 0.5,
    "categorical": COUNTS,
    "gaussian": COUNTS,
    "gaussian-diag": COUNTS,
    "negative-binomial": COUNTS,
}
KINDS = [sp.csr_array, sp.csc_matrix, sp.coo_array]


def steps(family, x, **options):
    labels = np.where(np.arange(len(COUNTS)) % 5 == 0, 1 - COMPONENT, COMPONENT)
    return ek.MixtureModel(family, 2, start=labels, solver="plain", max_iter=5, **options).fit(x)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_makes_the_steps_it_makes_over_an_array(family):
    x = FAMILIES[family]
    one, other = steps(family, x), steps(family, sp.csr_array(x))
    assert other.result_.log_likelihood == pytest.approx(one.result_.log_likelihood, rel=1e-11)
    np.testing.assert_allclose(other.predict_proba(sp.csr_array(x)), one.predict_proba(x), atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_search_comes_to_the_same_maximum(kind):
    dense = ek.MixtureModel("poisson", 2, random_state=0).fit(COUNTS)
    found = ek.MixtureModel("poisson", 2, random_state=0).fit(kind(COUNTS))
    assert found.result_.log_likelihood == pytest.approx(dense.result_.log_likelihood, abs=1e-6)
    assert found.score(kind(COUNTS)) == pytest.approx(dense.score(COUNTS), rel=1e-9)
    assert found.result_.augment()["component"].shape == (600,)


def test_weights_labels_and_groups_are_those_of_the_rows():
    weights = np.repeat([0.0, 1.0, 2.0], 200)
    labels = np.where(np.arange(600) % 10 == 0, COMPONENT, -1)
    groups = np.repeat(np.arange(300), 2)
    for known in ({"labels": labels, "sample_weight": weights}, {"groups": groups}):
        one = ek.MixtureModel("poisson", 2, random_state=0).fit(COUNTS, **known)
        other = ek.MixtureModel("poisson", 2, random_state=0).fit(sp.csr_array(COUNTS), **known)
        assert other.result_.log_likelihood == pytest.approx(one.result_.log_likelihood, abs=1e-6)


class Watched(SparseRows):
    """Says how many of its cells are ever written out."""

    written = 0

    def __array__(self, dtype=None, copy=None):
        Watched.written += self.shape[0] * self.shape[1]
        return super().__array__(dtype, copy)

    def __getitem__(self, key):
        found = super().__getitem__(key)
        return found if isinstance(key, tuple) else Watched(found.cells)


@pytest.mark.parametrize("family", ["poisson", "multinomial", "bernoulli"])
def test_a_pass_writes_out_no_row(family):
    x = FAMILIES[family]
    result = steps_of(family, x)
    Watched.written = 0
    source = ek.ArraySource(Watched(sp.csr_array(x)))
    model, params = result.model, result.params
    em = ek.EMMap(model, source, params)
    em(params)  # once for what no parameter enters
    Watched.written = 0
    found = em(params)
    assert Watched.written == 0
    assert found.log_likelihood == pytest.approx(result.log_likelihood, rel=1e-11)


def test_moves_of_wide_rows_write_out_none():
    rng = np.random.default_rng(1)
    wide = Watched(sp.csr_array(rng.poisson(np.where(rng.random((3, 300)) < 0.1, 1.0, 0.01)[np.repeat([0, 1, 2], 200)])))
    model, source = ek.Mixture(ek.Multinomial()), ek.ArraySource(wide)
    start = model.starts(source.profile, 3, [0])[0]
    Watched.written = 0
    assert next(iter(model.relocations(start, source.profile, 0))).components.probabilities.shape == (3, 300)
    list(model.moves(start, source.profile))
    assert Watched.written == 0


def test_rows_in_fewer_columns_are_about_as_far_from_each_other():
    x = SparseRows(sp.random_array((80, 2_000), density=0.02, rng=np.random.default_rng(2)))
    weights = np.random.default_rng(3).random(80) + 0.5
    dense = np.asarray(x)
    full = in_standard_units(dense[:, dense.any(axis=0)], weights, dense[:, dense.any(axis=0)])
    ratios = pdist(in_fewer_columns(x, weights)) / pdist(full) / np.sqrt(FEWER)
    assert np.abs(ratios - 1).mean() < 0.1


def test_packed_rows_have_their_cells_in_order_and_zeros_behind():
    x = SparseRows(sp.random_array((2_500, 30), density=0.1, rng=np.random.default_rng(4)))
    blocks = list(x.packed())
    assert sum(map(len, blocks)) == 2_500
    rows = [row[row != 0] for block in blocks for row in block]
    for packed, row in zip(rows, np.asarray(x), strict=True):
        np.testing.assert_array_equal(packed, row[row != 0])


def steps_of(family, x):
    return ek.MixtureModel(family, 2, random_state=0).fit(x).result_


def test_chunks_hold_so_few_rows_that_they_can_be_written_out():
    wide = ek.ArraySource(sp.random_array((100, 1_000_000), density=1e-5, rng=np.random.default_rng(0)))
    assert max(len(chunk.x) for chunk in wide.chunks()) == 16


def test_a_sample_has_something_of_every_column():
    x = sp.lil_array((20_000, 40))
    x[:, 0] = 1
    x[np.arange(19_000, 19_039), np.arange(1, 40)] = 3
    sample = ek.ArraySource(x).sample(100)
    assert sample.rows <= 139
    assert np.asarray(sample.x).any(axis=0).all()


def test_wrong_cells_are_named():
    x = sp.csr_array(np.array([[0.0, 1.0], [2.0, 0.0]]))
    with pytest.raises(ek.DataError, match="row 1, column 'x0' is -2"):
        ek.MixtureModel("poisson").fit(-x + 2 * sp.csr_array(np.array([[0.0, 1.0], [0.0, 0.0]])))
    with pytest.raises(ek.DataError, match="row 0, column 'x1' is inf"):
        ek.MixtureModel("poisson").fit(sp.csr_array(np.array([[0.0, np.inf], [2.0, 0.0]])))


def test_fit_takes_sparse_rows():
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams(np.array([np.full(12, 0.3), np.full(12, 0.6)])))
    one, other = (ek.fit(ek.Mixture(ek.Poisson()), x, start) for x in (COUNTS, sp.coo_array(COUNTS)))
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-12)


def test_gaps_are_those_of_an_array():
    rows = COUNTS[:80].copy()
    rows[3, 1] = np.nan
    options = {"random_state": 0, "n_init": 1}
    one, other = (ek.MixtureModel("poisson", 2, **options).fit(x).result_ for x in (rows, sp.csr_array(rows)))
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-9)
