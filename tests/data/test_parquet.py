"""Rows in Parquet files, read as they are worked on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import emkit as ek
from tests.data.files_of_rows import PROBLEMS, assert_same_fit


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    n = 300
    return pd.DataFrame(
        {
            "a": rng.normal(size=n),
            "count": rng.poisson(2, n),
            "word": rng.choice(["u", "v", None], n),
            "times": rng.integers(0, 3, n),
            "who": np.repeat(np.arange(n // 6), 6),
            "whose": np.repeat(rng.integers(0, 3, n // 6), 6),
        }
    )


@pytest.fixture
def folder(frame, tmp_path):
    frame[:170].to_parquet(tmp_path / "1.parquet", row_group_size=40)
    frame[170:].to_parquet(tmp_path / "2.parquet", row_group_size=40)
    return tmp_path


@pytest.mark.parametrize("name", PROBLEMS)
def test_fits_are_the_same_bits_as_in_memory(name, tmp_path):
    problem = PROBLEMS[name](tmp_path)
    kinds = problem.sources.keys() & {"memory", "mapped", "Parquet"}
    fits = {kind: ek.fit(problem.model, problem.sources[kind], problem.start) for kind in kinds}
    assert fits["memory"].converged
    for kind in fits:
        assert_same_fit(fits["memory"], fits[kind])


def test_what_is_known_of_the_rows_is_that_of_memory(folder, frame):
    there = ek.ParquetSource(folder, columns=["a", "count"], weights="times")
    cuts = [len(chunk.x) for chunk in there.chunks()]
    here = ek.ArraySource(frame[["a", "count"]], frame.times, ["a", "count"])
    assert (there.rows, there.total_weight, there.columns) == (here.rows, here.total_weight, here.columns)
    assert sum(cuts) == here.rows
    assert [chunk.start for chunk in there.chunks()] == np.cumsum([0, *cuts[:-1]]).tolist()
    for name in ("least", "highest", "whole", "missing"):
        np.testing.assert_array_equal(getattr(there.profile, name), getattr(here.profile, name))
    for name in ("mean", "variance", "covariance"):
        np.testing.assert_allclose(getattr(there.profile, name), getattr(here.profile, name), rtol=1e-13)
    assert there.profile.occurring == here.profile.occurring
    np.testing.assert_array_equal(there.sample(40).x, here.sample(40).x)


def test_one_pass_tells_all_that_is_asked_before_a_fit(folder, monkeypatch):
    from emkit.data.parquet import ParquetRows

    read, asked = ParquetRows.read, []
    monkeypatch.setattr(ParquetRows, "read", lambda self: asked.append(self) or read(self))
    source = ek.ParquetSource(folder, columns=["a", "count"])
    profile = source.profile
    _ = profile.least, profile.missing, profile.mean, profile.variance, profile.occurring, profile.groups, source.sample()
    assert len(asked) == len(list(source.cuts())) + 1  # the first cut also tells about which means to take squares


def test_rare_values_are_in_the_sample(tmp_path):
    counts = np.zeros(6_000)
    counts[5_432] = 9.0
    pd.DataFrame({"n": counts}).to_parquet(tmp_path / "n.parquet", row_group_size=500)
    there = ek.ParquetSource(tmp_path / "n.parquet")
    here = ek.ArraySource(counts[:, None])
    np.testing.assert_array_equal(there.sample(100).x, here.sample(100).x)
    assert 9.0 in there.sample(100).x


def test_groups_are_never_cut_in_two(folder):
    source = ek.ParquetSource(folder, columns=["a", "word"], groups="who", weights="whose")
    ends = [int(chunk.bounds[-1]) for chunk in source.chunks()]
    assert all((chunk.bounds[1:] - chunk.bounds[:-1] == 6).all() for chunk in source.chunks())
    assert sum(ends) == source.rows == source.groups[-1]
    assert source.levels == (None, ("u", "v"))
    assert ek.ParquetSource(folder, columns=["a"], least_rows=100).rows == 300
    assert [len(chunk.x) for chunk in ek.ParquetSource(folder, columns=["a"], least_rows=100).chunks()] == [120, 130, 50]


WHERE = [("a", ">", 0.0), ("word", "in", ["u", "v"])]


def meant(frame):
    return frame[(frame.a > 0) & frame.word.isin(["u", "v"])]


def test_rows_that_are_meant_are_fitted_as_if_there_were_no_others(folder, frame):
    import pyarrow.compute as pc

    columns = ["a", "count"]
    by_signs = ek.ParquetSource(folder, columns=columns, weights="times", where=WHERE)
    by_arrow = ek.ParquetSource(
        folder, columns=columns, weights="times", where=(pc.field("a") > 0) & pc.field("word").isin(["u", "v"])
    )
    few = meant(frame)
    here = ek.ArraySource(few[columns], few.times, columns)
    for there in (by_signs, by_arrow):
        assert (there.rows, there.total_weight, there.columns) == (here.rows, here.total_weight, here.columns)
        np.testing.assert_array_equal(np.concatenate([chunk.x for chunk in there.chunks()]), here.x)
    either = ek.ParquetSource(folder, columns=columns, where=[[("a", ">", 0)], [("word", "==", "u")]])
    assert either.rows == ((frame.a > 0) | (frame.word == "u")).sum()
    assert ek.ParquetSource(folder, columns=["count", "word"], where=WHERE).levels == (None, ("u", "v"))


def test_groups_are_those_of_the_rows_that_are_meant(folder, frame):
    source = ek.ParquetSource(folder, columns=["a"], groups="who", where=[("who", ">=", 20)])
    late = frame[frame.who >= 20]
    assert np.diff(source.groups).tolist() == late.groupby("who").size().tolist()
    np.testing.assert_array_equal(np.concatenate([chunk.x for chunk in source.chunks()])[:, 0], late.a)


def test_parts_of_files_that_cannot_hold_rows_that_are_meant_are_not_read(frame, tmp_path):
    frame[["who", "a"]].to_parquet(tmp_path / "rows.parquet", row_group_size=60, index=False)
    path = tmp_path / "rows.parquet"
    with path.open("r+b") as file:  # the first row group holds people 0 to 9
        file.seek(4)
        file.write(bytes(400))
    with pytest.raises(ek.DataError, match="damaged"):
        _ = ek.ParquetSource(path).profile.mean
    late = ek.ParquetSource(path, columns=["a"], where=[("who", ">=", 10)])
    assert late.profile.mean == pytest.approx(frame.a[frame.who >= 10].mean())


def test_a_bad_cell_among_rows_that_are_meant_is_named_by_its_place_in_the_file(folder, frame):
    frame.loc[200, ["a", "word"]] = [np.inf, "u"]
    frame[170:].to_parquet(folder / "2.parquet", row_group_size=40)
    with pytest.raises(ek.DataError, match=r"row 30 of 2\.parquet, column 'a' is inf"):
        _ = ek.ParquetSource(folder, columns=["a"], where=WHERE).profile.mean


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("a > 3", r"where is 'a > 3', and no condition .*Give \[\(column, sign, value\)"),
        ([("a", "~", 3)], "no condition"),
        (5, "no condition"),
        ([("q", ">", 3)], r"where cannot be told of 1\.parquet: .*q"),
        ([("word", ">", 3)], r"where cannot be told of 1\.parquet"),
        ([("a", ">", 99)], r"no row is such that \(a > 99\)"),
        ("a number", "of the kind double, and no condition"),
    ],
)
def test_a_condition_that_cannot_be_is_refused_in_words(folder, where, sentence):
    import pyarrow.compute as pc

    where = pc.field("a") if where == "a number" else where
    with pytest.raises(ek.DataError, match=sentence):
        ek.ParquetSource(folder, columns=["a"], where=where)


def test_estimators_take_a_source(folder, frame):
    source = ek.ParquetSource(folder, columns=["a", "count"])
    there = ek.GaussianMixture(2, covariance_type="diag", random_state=0).fit(source)
    here = ek.GaussianMixture(2, covariance_type="diag", random_state=0).fit(frame[["a", "count"]])
    assert there.result_.log_likelihood == pytest.approx(here.result_.log_likelihood, rel=1e-9)
    np.testing.assert_allclose(there.predict_proba(source), here.predict_proba(frame[["a", "count"]]), atol=1e-5)
    np.testing.assert_allclose(there.predict_proba(frame[["a", "count"]]), there.predict_proba(source), atol=1e-12)
    assert there.bic(source) == pytest.approx(here.bic(frame[["a", "count"]]), rel=1e-9)
    assert list(there.feature_names_in_) == ["a", "count"]
    with pytest.raises(ek.DataError, match="sample_weight belongs to the source"):
        there.fit(source, sample_weight=np.ones(300))
    with pytest.raises(ek.ParameterError, match="not in memory, give parameters"):
        ek.GaussianMixture(2, start=np.zeros(300, dtype=int)).fit(source)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"columns": ["q"]}, "no column 'q'"),
        ({"columns": ["a"], "groups": "whose"}, "scattered"),
        ({"columns": ["a"], "weights": "word"}, "weights are numbers"),
        ({"columns": ["a"], "weights": "a"}, "both data and weights"),
        ({"columns": "a"}, r"give a list, \['a'\]"),
        ({"least_rows": -5}, "least_rows"),
    ],
)
def test_what_cannot_be_is_refused_in_words(folder, options, sentence):
    with pytest.raises(ek.DataError, match=sentence):
        ek.ParquetSource(folder, **options)


def test_files_that_cannot_be_read_are_named(folder, tmp_path):
    with pytest.raises(ek.DataError, match="path is 3; it must be a file"):
        ek.ParquetSource(3)
    with pytest.raises(ek.DataError, match=r"no Parquet files at .*nothing"):
        ek.ParquetSource(tmp_path / "nothing*.parquet")
    with pytest.raises(ek.DataError, match=r"no file .*nothing\.parquet"):
        ek.ParquetSource(tmp_path / "nothing.parquet")
    (tmp_path / "cut.parquet").write_bytes((folder / "1.parquet").read_bytes()[:900])
    with pytest.raises(ek.DataError, match=r"cut\.parquet is a Parquet file, and damaged"):
        ek.ParquetSource(tmp_path / "cut.parquet")
    pd.DataFrame({"b": [1.0]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(ek.DataError, match="other columns"):
        ek.ParquetSource([folder / "1.parquet", tmp_path / "other.parquet"])


def test_files_that_change_under_a_source_are_not_fitted(folder, frame):
    source = ek.ParquetSource(folder, columns=["a"])
    frame[:150].to_parquet(folder / "1.parquet", row_group_size=38)
    with pytest.raises(ek.DataError, match=r"from row 0 of 1\.parquet on, there were 40 rows .* now there are 38\. Make the"):
        _ = source.profile.mean


def test_columns_of_kinds_that_do_not_go_together_are_named(frame, tmp_path):
    frame[:102].to_parquet(tmp_path / "1.parquet")
    frame[102:].assign(who=frame.who.astype(str)).to_parquet(tmp_path / "2.parquet")
    with pytest.raises(ek.DataError, match=r"columns of 1\.parquet and 2\.parquet are of kinds that do not go together"):
        ek.ParquetSource(tmp_path, columns=["a"], groups="who", least_rows=200)


def test_a_bad_cell_is_named_by_its_file_and_row(folder, frame):
    frame.loc[200, "a"] = np.inf
    frame[170:].to_parquet(folder / "2.parquet", row_group_size=40)
    with pytest.raises(ek.DataError, match=r"row 30 of 2\.parquet, column 'a' is inf"):
        _ = ek.ParquetSource(folder, columns=["a"]).profile.mean
    frame.loc[:3, "word"] = ["u", "u", "u", None]
    frame[:170].to_parquet(folder / "1.parquet", row_group_size=40)
    with pytest.raises(ek.DataError, match=r"row 3 of 1\.parquet, column 'word' is missing"):
        ek.ParquetSource(folder, columns=["word"]).refuse_gaps()


def test_one_long_sequence_needs_a_column_of_groups(folder):
    with pytest.raises(ek.DataError, match="name the column of groups"):
        ek.HiddenMarkov("poisson", 2).fit(ek.ParquetSource(folder, columns=["count"]))
