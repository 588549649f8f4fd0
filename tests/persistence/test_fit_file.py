"""Fits in files: what is saved is what is loaded, for every family and model there is; and what cannot be says so."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pytest

import emkit as ek
from emkit.core.parameters import leaves
from emkit.persistence.archive import Content, packed
from emkit.persistence.known import known
from emkit.persistence.values import Reader
from tests.cases import CELLS, FAMILIES, MODELS, SAMPLED, spread_mixture
from tests.persistence.malformed import bombs_of_settings

HOLDS_A_FUNCTION = re.compile(r"(density|function|draws) is (function|Named) .* which a file cannot hold")


def fitted(model, params, x, passes=3):
    return ek.fit(model, x, params, max_evaluations=passes)


def returned(result, path, **options):
    try:
        result.save(path)
    except ek.ModelError as error:
        if HOLDS_A_FUNCTION.search(str(error)):
            pytest.skip("a density or a prior that is a function cannot be saved, and says so")
        raise
    return ek.load(path, **options)


def assert_same_parameters(one, other):
    for a, b in zip(leaves(one), leaves(other), strict=True):
        assert (a.path, type(a.space)) == (b.path, type(b.space))
        np.testing.assert_array_equal(a.value, b.value, strict=True)


@pytest.mark.filterwarnings("ignore::emkit.EmkitWarning")
@pytest.mark.parametrize("case", [*MODELS, *SAMPLED], ids=lambda case: case.name)
def test_a_fit_of_every_model_comes_back(case, tmp_path):
    result = fitted(case.model, case.params, case.draw(np.random.default_rng(3), 40))
    back = returned(result, tmp_path / "fit.emk")
    assert type(back) is ek.Result
    assert_same_parameters(result.params, back.params)
    assert_same_parameters(result.record.start, back.record.start)
    assert (back.summary(), back.to_dict(), repr(back.starts())) == (
        result.summary(), result.to_dict(), repr(result.starts()),
    )  # fmt: skip
    assert (back.history, back.outcome) == (result.history, result.outcome)


@pytest.mark.filterwarnings("ignore::emkit.EmkitWarning")
@pytest.mark.parametrize("case", FAMILIES, ids=lambda case: case.name)
def test_a_loaded_mixture_predicts_to_the_last_bit(case, tmp_path):
    rows = case.draw(np.random.default_rng(4), 30)
    result = fitted(ek.Mixture(case.family), case.mixture, rows)
    back = returned(result, tmp_path / "fit.emk")
    np.testing.assert_array_equal(back.predict_proba(rows), result.predict_proba(rows))
    np.testing.assert_array_equal(back.score_samples(rows), result.score_samples(rows))
    np.testing.assert_array_equal(back.predict(rows), result.predict_proba(rows).argmax(axis=1))


@pytest.mark.slow
def test_the_families_of_the_command_line_are_all_known(tmp_path):
    for name in ek.FAMILIES:
        model, source, start = spread_mixture(name)
        assert type(returned(fitted(model, start, source), tmp_path / "x").model.family) is type(model.family)


@pytest.mark.slow
def test_a_search_comes_back_with_all_its_starts(tmp_path):
    x = np.random.default_rng(0).normal(size=(60, 2))
    result = ek.GaussianMixture(3, random_state=5).fit(x).result_
    back = returned(result, tmp_path / "fit.emk")
    assert len(result.runs.left) > 0
    assert repr(back.starts()) == repr(result.starts())
    for one, other in zip(result.runs.left, back.runs.left, strict=True):
        assert_same_parameters(one.run.params, other.run.params)
    assert back.source.provenance.seed == result.runs.seed is not None


def test_starts_of_different_shapes_come_back(tmp_path):
    starts = [ek.MixtureParams([1 / k] * k, ek.PoissonParams([[1.0 + i] for i in range(k)])) for k in (1, 2)]
    result = ek.fit(ek.Mixture(ek.Poisson()), [0, 1, 2, 9, 8, 7, 1], starts)
    back = returned(result, tmp_path / "fit.emk")
    assert [len(run.params.proportions) for run in back.runs.runs] == [1, 2]


def test_files_of_one_fit_are_the_same_bytes_however_often_it_is_saved(tmp_path):
    model, source, start = spread_mixture("poisson")
    result = fitted(model, start, source)
    returned(returned(result, tmp_path / "a"), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == result.save(tmp_path / "c").read_bytes() == (tmp_path / "b").read_bytes()


def test_names_of_columns_and_levels_come_back_and_rows_are_found_by_them(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"ward": list("abcabcaabbcc"), "pain": ["yes", "no", "no", "yes"] * 3})
    result = ek.MixtureModel("categorical", 2, random_state=0).fit(frame).result_
    back = returned(result, tmp_path / "fit.emk")
    assert "ward = c" in back.summary()
    other = pd.DataFrame({"pain": ["no", "yes"], "nurse": [1, 2], "ward": ["c", "a"]})
    np.testing.assert_array_equal(back.predict_proba(other), result.predict_proba(other[["ward", "pain"]]))
    with pytest.raises(ek.DataError, match="row 1, column 'ward' is 'd'; its levels are a, b, c, and a fit knows no other"):
        back.predict(pd.DataFrame({"ward": ["a", "d"], "pain": ["no", "no"]}))
    with pytest.raises(ek.DataError, match="the data frame has no column 'pain'"):
        back.predict(pd.DataFrame({"ward": ["a"]}))


def test_a_loaded_fit_is_told_in_one_line_and_beside_other_rows(tmp_path):
    model, source, start = spread_mixture("poisson")
    result = fitted(model, start, source)
    back = returned(result, tmp_path / "fit.emk")
    line = result.glance()
    assert back.glance() == {name: line[name] for name in line if name not in ("icl", "relative_entropy")}
    assert list(back.tidy()) == list(result.tidy(standard_errors=False))
    one, other = result.augment(source.x), back.augment(source.x)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_what_needs_the_data_says_so(tmp_path):
    model, source, start = spread_mixture("poisson")
    back = returned(fitted(model, start, source), tmp_path / "fit.emk")
    with pytest.raises(ek.DataError, match=r"tidy\(standard_errors=False\)"):
        back.tidy(standard_errors=True)
    for ask in (back.standard_errors, back.explain, back.identifiability, lambda: back.plot("density")):
        with pytest.raises(ek.DataError, match="the data are not stored with the fit"):
            ask()


def test_the_hash_tells_data_apart_and_does_not_depend_on_where_they_are_cut(tmp_path):
    def hash_of(*args, **options):
        source = ek.ArraySource(*args, **options)
        start = ek.MixtureParams([1.0], ek.PoissonParams([[2.0]]))
        return returned(fitted(ek.Mixture(ek.Poisson()), start, source), tmp_path / "x").source.provenance.data

    x = [[0], [3], [4], [1]]
    assert hash_of(x) == hash_of(x, chunk_rows=1) == hash_of(np.array(x, np.float32)) == hash_of(x, [1, 1, 1, 1])
    assert len({hash_of(x), hash_of(x[::-1]), hash_of(x, [1, 1, 1, 2]), hash_of(x, columns=["n"])}) == 4


def test_a_row_that_is_impossible_belongs_to_none(tmp_path):
    start = ek.MixtureParams([0.5, 0.5], ek.CategoricalParams(([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],)))
    result = ek.fit(ek.Mixture(ek.Categorical((3,))), [0, 1, 0, 1], start)
    back = returned(result, tmp_path / "fit.emk")
    assert back.score_samples([0, 2])[1] == -np.inf
    with pytest.raises(ek.DataError, match="row 1 is impossible under every component"):
        back.predict([0, 2])


def test_a_table_of_cells_has_no_components_to_predict(tmp_path):
    case = CELLS[0]
    back = returned(fitted(case.model, case.params, case.draw(np.random.default_rng(3), 4)), tmp_path / "fit.emk")
    with pytest.raises(ek.ModelError, match="Cells has no components"):
        back.predict([[1, 2, 3, 4]])


# -- classes of one's own


@dataclass(frozen=True)
class Coin(ek.Bernoulli):
    """A family of one's own, with a setting."""

    bias: float = 0.5


class Plain(ek.Poisson):
    """A family with an `__init__` that forgets what it was given."""

    def __init__(self, forgotten: int = 3) -> None:
        pass


START = ek.MixtureParams([0.5, 0.5], ek.SuccessParams([[0.3], [0.6]]))


def test_classes_of_ones_own_are_handed_over(tmp_path):
    result = ek.fit(ek.Mixture(Coin(0.25)), [0, 1, 1, 0, 1], START)
    path = result.save(tmp_path / "fit.emk")
    assert ek.load(path, classes=[Coin]).model == result.model
    with pytest.raises(ek.DataError, match=r"is of class 'Coin', which is none of emkit's: .* load\(path, classes=\[Coin\]\)"):
        ek.load(path)


@dataclass(frozen=True, eq=False)
class MeanParams(ek.Parameters):
    """`mean`, of numbers whose variance is 1."""

    mean: Annotated[float, ek.Real()]


class Mean(ek.LatentModel):
    """Nothing is latent, and rows come in lists: a model with nothing but an E-step and an M-step."""

    def e_step(self, params, chunk):
        x = np.array(chunk)
        log_likelihood = float(-0.5 * ((x - params.mean) ** 2).sum())
        return ek.Expectation(np.array([len(x), x.sum()]), log_likelihood, float(len(x)))

    def m_step(self, stats, params):
        return MeanParams(stats[1] / stats[0])


class Lists:
    def chunks(self):
        yield [1.0, 2.0]
        yield [6.0]


def test_a_model_of_ones_own_with_chunks_of_its_own_comes_back(tmp_path):
    result = ek.fit(Mean(), Lists(), MeanParams(0.0))
    back = returned(result, tmp_path / "fit.emk", classes=[Mean, MeanParams])
    assert (back.params.mean, back.summary(), back.source.provenance.data) == (3.0, result.summary(), None)


def test_shared_fields_come_back_in_another_process(tmp_path):
    """The classes of such parameters are made at run time: nothing but the file can tell how."""
    x = np.random.default_rng(0).gamma(2, 3, (80, 1))
    for number, family in enumerate([ek.Tied(ek.Gamma(), "shapes"), ek.Tied(ek.Laplace(), ("locations", "scales"))]):
        path = tmp_path / f"{number}.emk"
        result = ek.MixtureModel(family, 2, random_state=0).fit(x).result_
        result.save(path)
        code = f"import emkit as ek; print(repr(ek.load({str(path)!r}).summary()))"
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert found.stdout.strip() == repr(result.summary())


@pytest.mark.parametrize(
    "made",
    [
        {"made": "eval", "of": ["1"]},
        {"made": "shared_class", "of": [{"class": "GammaParams"}, ["colours"], False]},
        {"made": "shared_class", "of": [{"class": "Poisson"}, [], False]},
        {"made": "shared_class", "of": ["GammaParams", ["shapes"], False]},
        {"made": "shared_class", "of": []},
        {"made": "shared_class"},
    ],
    ids=str,
)
def test_no_other_classes_are_made_of_a_file(made):
    with pytest.raises(ek.DataError, match=r"here is of .*class"):
        Reader(known(()), ()).value({"is": made, "with": {}}, object, "here")


def test_what_a_file_cannot_hold_is_refused_before_one_is_written(tmp_path):
    class Poisson(ek.Poisson):
        pass

    @dataclass(frozen=True)
    class Calls(ek.Poisson):
        f: object = len

    start = ek.MixtureParams([1.0], ek.PoissonParams([[2.0]]))
    for family, sentence in [
        (Poisson(), "which is called as one of emkit's own: rename yours"),
        (Calls(), r"fit.model.family.f is builtin_function_or_method '<built-in function len>', which a file cannot hold"),
        (Plain(), "Plain is made with 'forgotten' and keeps it in no attribute of that name"),
    ]:
        with pytest.raises(ek.ModelError, match=sentence):
            fitted(ek.Mixture(family), start, [1, 2, 3]).save(tmp_path / "fit.emk")
    assert os.listdir(tmp_path) == []


def test_what_are_no_classes_is_refused():
    with pytest.raises(ek.ModelError, match=r"classes are the classes that a file may name"):
        ek.load("x.emk", classes=["Coin"])
    with pytest.raises(ek.ModelError, match="two classes are called Poisson"):
        ek.load("x.emk", classes=[type("Poisson", (), {})])


def test_a_file_may_leave_out_what_has_a_default(tmp_path):
    """So fields that come later can be read from files written before."""
    model, source, start = spread_mixture("gaussian")
    found = fitted(model, start, source)
    path = found.save(tmp_path / "fit.emk")
    with zipfile.ZipFile(path) as archive:
        document = json.loads(archive.read("model.json"))
        arrays = tuple(np.load(archive.open(name)) for name in archive.namelist()[1:])
    del document["fit"]["with"]["model"]["with"]["family"]["with"]["across"]
    path.write_bytes(packed(Content(json.dumps(document), arrays)))
    assert ek.load(path).model == found.model


# -- files that cannot be read or written


def test_a_place_that_cannot_be_written_is_named_and_keeps_what_it_holds(tmp_path):
    model, source, start = spread_mixture("poisson")
    result = fitted(model, start, source)
    for place in (tmp_path / "no" / "fit.emk", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(ek.DataError, match="cannot write '"):
            result.save(place)
    assert os.listdir(tmp_path) == []


def test_a_file_is_replaced_as_a_whole_and_its_owner_alone_may_read_it(tmp_path):
    model, source, start = spread_mixture("poisson")
    place = tmp_path / "fit.emk"
    place.write_text("old")
    place.chmod(0o644)
    fitted(model, start, source).save(place)
    assert os.listdir(tmp_path) == ["fit.emk"]
    assert ek.load(place).model == model
    assert place.stat().st_mode & 0o777 == 0o600


def test_files_that_are_not_there_are_named(tmp_path):
    with pytest.raises(ek.DataError, match=r"there is no file '.*x.emk'"):
        ek.load(tmp_path / "x.emk")
    with pytest.raises(ek.DataError, match=r"cannot be loaded: Is a directory"):
        ek.load(tmp_path)


def test_the_limit_can_be_set(tmp_path):
    model, source, start = spread_mixture("poisson")
    path = fitted(model, start, source).save(tmp_path / "fit.emk")
    with pytest.raises(ek.DataError, match=r"more than 1,000; allow more with limit=, if you trust it"):
        ek.load(path, limit=1000)


def test_settings_are_checked_before_anything_is_evaluated(tmp_path):
    for _, content in bombs_of_settings():
        (tmp_path / "bomb.emk").write_bytes(content)
        with pytest.raises(ek.DataError, match="cannot be loaded"):
            ek.load(tmp_path / "bomb.emk")


def test_the_path_of_a_saved_fit_comes_back_as_it_was_given(tmp_path, monkeypatch):
    model, source, start = spread_mixture("poisson")
    result = fitted(model, start, source)
    monkeypatch.chdir(tmp_path)
    os.mkdir("kept")
    os.symlink("kept/fit.emk", "fit.emk")
    assert str(result.save("fit.emk")) == "fit.emk"
    assert os.path.islink("fit.emk")
    assert os.path.exists("kept/fit.emk")
    with pytest.raises(ek.DataError, match=r"cannot write 'nowhere/fit\.emk'"):
        result.save("nowhere/fit.emk")
