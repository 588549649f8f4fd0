"""Columns of different families."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.families import family_of_columns
from emkit.families.linear import Mixed, Read
from emkit.report.labels import Names, labels
from tests import cases

RNG = np.random.default_rng(4)
ROWS = cases.CASE["product"].draw(RNG, 400)
NAMES = ("visits", "age", "ward", "weight")
PRODUCT = ek.Product({("age", "weight"): ek.DiagonalGaussian(), "visits": ek.Poisson(), "ward": ek.Categorical()})


def source(x=ROWS, names=NAMES):
    return ek.ArraySource(x, columns=names)


def test_names_find_their_places_in_the_data():
    assert PRODUCT.settled(source().profile) == cases.MIXED.settled(source().profile)
    turned = PRODUCT.settled(source(ROWS[:, ::-1], NAMES[::-1]).profile)
    assert turned.places(source().profile) == ((2, 0), (3,), (1,))


def test_the_density_is_the_product_of_those_of_the_blocks():
    wanted = sum(
        family.log_density(part, ROWS[:, list(own)])
        for (own, family), part in zip(cases.MIXED.blocks, cases.MIXED_PARTS, strict=True)
    )
    found = cases.MIXED.log_density(cases.MIXED.params(*cases.MIXED_PARTS), ROWS)
    np.testing.assert_array_equal(found, wanted)


def test_products_nest():
    inner = ek.Product({1: ek.Poisson(), 0: ek.DiagonalGaussian()})
    outer = ek.Product({2: ek.Poisson(), (3, 1, 0): ek.Product({0: ek.DiagonalGaussian(), (1, 2): inner})})
    x = np.column_stack([RNG.poisson(3, 50), RNG.normal(size=50), RNG.poisson(2, 50), RNG.normal(size=50)])
    params = outer.pooled(ek.ArraySource(x).profile, 2)
    flat = ek.Product({2: ek.Poisson(), 3: ek.DiagonalGaussian(), 1: ek.DiagonalGaussian(), 0: ek.Poisson()})
    np.testing.assert_allclose(
        outer.log_density(params, x), flat.log_density(flat.pooled(ek.ArraySource(x).profile, 2), x), rtol=1e-14
    )
    said = [str(label) for label in labels(params, Names(NAMES)).values()]
    assert said[:2] == ["rate of ward, component 1", "rate of ward, component 2"]
    assert {"mean of weight, component 1", "rate of visits, component 2", "variance of age, component 2"} <= set(said)


def test_levels_and_numbers_are_one_compiled_pass():
    form = cases.MIXED.linear(cases.MIXED.params(*cases.MIXED_PARTS))
    assert isinstance(form.rows, Mixed)  # the columns are read where they lie
    assert form.coefficients.shape == (2, 1 + 4 + 1 + 3)
    worked_out = ek.Product({0: ek.DiagonalGaussian(), 1: ek.LogNormal()})
    params = worked_out.pooled(ek.ArraySource(RNG.random((9, 2))).profile, 2)
    assert isinstance(worked_out.linear(params).rows, Read)


@pytest.mark.parametrize("rows", [300, 5_000])
def test_round_and_joined_normals_stand_beside_others_on_the_compiled_road(rows):
    """A sum of squares of several columns, and products of columns, among features of other columns."""
    rng = np.random.default_rng(rows)
    z = rng.integers(0, 2, rows)[:, None]
    x = np.column_stack(
        [rng.normal(3 * z, 1, (rows, 2)), rng.poisson(1 + 4 * z), rng.normal(z, 1, (rows, 3)), rng.integers(0, 3, rows)]
    )
    family = ek.Product({(0, 1): ek.FullGaussian(), 2: ek.Poisson(), (3, 5, 4): ek.SphericalGaussian(), 6: ek.Categorical()})
    data = ek.ArraySource(x, chunk_rows=rows)
    model = ek.Mixture(family.settled(data.profile))
    params = cases.spread_start(model, data, 2, seed=0)
    (chunk,) = data.chunks()
    assert model.family.linear(params.components) is not None
    plain, fast = model.plain_e_step(params, chunk), model.e_step(params, chunk)
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    for one, other in zip(
        cases.leaves(model.m_step(plain.statistics, params)), cases.leaves(model.m_step(fast.statistics, params)), strict=True
    ):
        np.testing.assert_allclose(other.value, one.value, rtol=1e-8, atol=1e-11)


def test_a_component_too_tight_for_a_shared_origin_takes_the_plain_road():
    family = ek.Product({0: ek.DiagonalGaussian(), 1: ek.Poisson()})
    tight = family.params(ek.DiagonalGaussianParams([[0.0], [1e3]], [[1.0], [1e-6]]), ek.PoissonParams([[1.0], [2.0]]))
    assert family.linear(tight) is None


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ({("a", "b"): ek.Poisson(), "b": ek.Poisson()}, "the column 'b' is in two blocks"),
        ({}, "at least one block"),
        ({"a": ek.Poisson}, "give a family"),
        ({1.5: ek.Poisson()}, "1.5 is no column"),
        ({-1: ek.Poisson()}, "-1 is no column"),
    ],
)
def test_blocks_that_cannot_be(blocks, message):
    with pytest.raises(ek.ModelError, match=message):
        ek.Product(blocks)


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ({"age": ek.DiagonalGaussian()}, "the column 'visits' is in no block"),
        ({"agee": ek.DiagonalGaussian()}, "no column 'agee'; they have visits, age, ward, weight"),
        ({7: ek.DiagonalGaussian()}, "no column 7; they have 4"),
        ({(0, 1, 2, 3): ek.DiagonalGaussian(), "age": ek.Poisson()}, "the column 'age' is in two blocks"),
    ],
)
def test_columns_that_are_not_those_of_the_data(blocks, message):
    with pytest.raises(ek.DataError, match=message):
        ek.Product(blocks).settled(source().profile)


def test_a_cell_that_is_impossible_is_named_by_its_row_and_column():
    x = ROWS.copy()
    x[3, 0] = 1.5
    with pytest.raises(ek.DataError, match=r"row 3, column 'visits' is 1\.5; Poisson counts"):
        PRODUCT.support.check(source(x).profile)


def test_gaps_are_refused_where_a_block_admits_none():
    family = ek.Product({0: ek.Multinomial(), (1, 2, 3): ek.DiagonalGaussian()})
    x = ROWS.copy()
    x[5, 0] = np.nan
    for each in (family, ek.Product({(0, 1, 2, 3): family})):
        with pytest.raises(ek.DataError, match="row 5, column 'visits' is nan"):
            ek.Mixture(each).admitted(source(x))


def test_parameters_of_other_blocks_are_refused():
    start = ek.MixtureParams([0.5, 0.5], ek.ProductParams(cases.MIXED_PARTS, ((0, 3), (1,), (2,))))
    with pytest.raises(ek.ParameterError, match="the parts are of the columns"):
        ek.fit(ek.Mixture(cases.MIXED), ROWS, start)
    few = ek.MixtureParams([0.5, 0.5], ek.ProductParams(cases.MIXED_PARTS[:2], ((1, 3), (0, 2))))
    with pytest.raises(ek.ParameterError, match="of the columns"):
        ek.fit(ek.Mixture(cases.MIXED), ROWS, few)
    wide = ek.ProductParams((ek.PoissonParams([[1.0, 2.0], [2.0, 3.0]]), *cases.MIXED_PARTS[1:]), ((1,), (0,), (2, 3)))
    with pytest.raises(ek.ParameterError, match=r"rates are for 2 columns, and that part is said to be of 1"):
        ek.fit(
            ek.Mixture(ek.Product({1: ek.Poisson(), 0: ek.Poisson(), (2, 3): ek.Categorical()})),
            ROWS,
            ek.MixtureParams([0.5, 0.5], wide),
        )
    with pytest.raises(ek.ModelError, match="not known before there are data"):
        PRODUCT.params(*cases.MIXED_PARTS)
    with pytest.raises(ek.ParameterError, match="parameters for 2 blocks"):
        cases.MIXED.params(*cases.MIXED_PARTS[:2])


def test_gaussian_for_one_column_alone_has_a_variance():
    assert family_of_columns({"a": "gaussian"}) == ek.Product({"a": ek.DiagonalGaussian()})
    assert family_of_columns({("a", "b"): "gaussian"}) == ek.Product({("a", "b"): ek.FullGaussian()})
    assert family_of_columns({("a",): "poisson", 1: ek.Binomial(3)}) == ek.Product({"a": ek.Poisson(), 1: ek.Binomial(3)})
    with pytest.raises(ek.ModelError, match="column 'a': there is no family 'gauss'; the families are bernoulli"):
        family_of_columns({"a": "gauss"})


def test_gaps_in_a_block_that_admits_them_are_left_out():
    """The log-likelihood of rows with gaps is that of the cells that are there."""
    family = ek.Product({(1, 3): ek.DiagonalGaussian(), 0: ek.ZeroInflated(ek.Poisson()), 2: ek.Categorical()})
    x = ROWS.copy()
    x[::3, 1], x[1::4, 2], x[::5, 3] = np.nan, np.nan, np.nan
    fit = ek.MixtureModel(family, 2, random_state=0).fit(x).result_
    normals, counts, levels = fit.params.components.parts
    cells = [
        -0.5 * ((x[:, [j]] - normals.means[:, i]) ** 2 / normals.variances[:, i] + np.log(2 * np.pi * normals.variances[:, i]))
        for i, j in enumerate((1, 3))
    ]
    codes = np.nan_to_num(x[:, 2]).astype(int)
    cells.append(np.where(np.isnan(x[:, [2]]), np.nan, np.log(levels.columns[0].probabilities.T[codes])))
    cells.append(family.families[1].log_density(counts, x[:, [0]]))
    density = np.exp(np.nansum(cells, axis=0)) @ fit.params.proportions
    assert fit.converged
    assert np.log(density).sum() == pytest.approx(fit.log_likelihood, rel=1e-11)
