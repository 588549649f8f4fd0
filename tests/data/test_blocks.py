"""Rows in blocks: lists of tables, functions that make them, Arrow tables, and collections of Dask."""

from __future__ import annotations

from functools import partial

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import emkit as ek
from emkit.data import as_source
from tests.data.files_of_rows import assert_same_fit, in_blocks

X = np.random.default_rng(0).normal(size=(120, 2)) + 4.0 * (np.arange(120) % 2)[:, None]
FRAME = pd.DataFrame(X, columns=["a", "b"])
MODEL = ek.Mixture(ek.FullGaussian())
MEMORY = ek.ArraySource(X, columns=["a", "b"], chunk_rows=40)
START = MODEL.starts(MEMORY.profile, 2, [0])[0]


@pytest.mark.parametrize(
    "data",
    [
        [X[:40], X[40:80], X[80:]],
        in_blocks(FRAME, 40),
        [partial(FRAME.__getitem__, slice(first, first + 40)) for first in (0, 40, 80)],
        lambda: iter(in_blocks(FRAME, 40)),
        [pa.Table.from_pandas(part, preserve_index=False) for part in in_blocks(FRAME, 40)],
        [pl.DataFrame(part) for part in in_blocks(FRAME, 40)],
        dd.from_pandas(FRAME, chunksize=40),
        da.from_array(X, chunks=(40, 1)),
    ],
    ids=["arrays", "frames", "functions", "opened", "Arrow", "polars", "Dask frame", "Dask array"],
)
def test_fit_takes_them_as_they_are(data):
    here, there = (ek.fit(MODEL, rows, START, max_evaluations=5) for rows in (MEMORY, data))
    assert_same_fit(here, there)


def test_a_table_of_arrow_is_rows_in_memory():
    here = ek.fit(MODEL, X, START)
    there = ek.fit(MODEL, pa.Table.from_pandas(FRAME, preserve_index=False), START)
    assert_same_fit(here, there)
    assert there.source.library == "pyarrow"


@pytest.mark.slow
def test_estimators_take_them():
    lazy = dd.from_pandas(FRAME, chunksize=40)
    with pytest.warns(ek.ConvergenceWarning):
        here, there = (ek.GaussianMixture(2, start=START, max_iter=2).fit(X) for X in (MEMORY, lazy))
    assert_same_fit(here.result_, there.result_)
    np.testing.assert_array_equal(there.predict(lazy), here.predict(MEMORY))
    assert there.score_samples(in_blocks(FRAME, 50)).shape == (120,)
    assert there.result_.predict(lazy).shape == (120,)


def test_a_list_of_rows_is_no_list_of_blocks():
    assert as_source([[1.0, 2.0], [3.0, 4.0]]).rows == 2
    assert as_source([np.array([1.0, 2.0]), np.array([3.0, 4.0])]).rows == 2


def test_weights_and_groups_are_columns():
    frame = FRAME.assign(times=np.where(np.arange(120) < 40, 0, 1 + np.arange(120) % 3), who=np.repeat(list("abcdef"), 20))
    blocks = ek.BlockSource(in_blocks(frame, 40), columns=["b", "a"], weights="times")
    memory = ek.ArraySource(np.ascontiguousarray(X[40:, ::-1]), frame.times[40:], ["b", "a"], chunk_rows=40)
    assert (blocks.rows, blocks.total_weight, blocks.columns) == (80, memory.total_weight, ("b", "a"))
    assert_same_fit(ek.fit(MODEL, memory, START, max_evaluations=5), ek.fit(MODEL, blocks, START, max_evaluations=5))
    assert blocks.place(0, 0) == "row 0 of block 2, column 'b'"


def test_sequences_are_groups_in_blocks():
    frame = FRAME[["a"]].assign(who=np.repeat(list("abcdef"), 20))
    blocks = ek.BlockSource(in_blocks(frame, 40), groups="who")
    assert blocks.groups.tolist() == [0, 20, 40, 60, 80, 100, 120]
    memory = ek.ArraySource(frame[["a"]], columns=["a"], groups=frame.who, chunk_rows=40)
    chain = ek.HiddenMarkovChain("gaussian")
    start = chain.settled(memory.profile).starts(memory.profile, 2, [0])[0]
    assert_same_fit(ek.fit(chain, memory, start, max_evaluations=5), ek.fit(chain, blocks, start, max_evaluations=5))


def test_levels_are_those_of_all_blocks():
    source = ek.BlockSource([pd.DataFrame({"q": ["no", "yes"]}), pd.DataFrame({"q": ["perhaps", None, "no"]})])
    assert source.levels == (("no", "perhaps", "yes"),)
    (first, second) = (chunk.x.ravel() for chunk in source.chunks())
    np.testing.assert_array_equal(first, [0, 2])
    np.testing.assert_array_equal(second, [1, np.nan, 0])


def test_blocks_without_rows_are_left_out():
    source = ek.BlockSource([FRAME[:0], FRAME[:50], FRAME[:0], FRAME[50:]])
    opened = ek.BlockSource(lambda: [FRAME[:0], FRAME[:50], FRAME[:0], FRAME[50:]])
    for each in (source, opened):
        assert [len(chunk.x) for chunk in each.chunks()] == [50, 70]
        assert each.place_of_row(60) == "row 10 of block 4"


def test_blocks_that_change_under_a_source_are_not_fitted():
    opened = []

    def tables():
        opened.append(None)
        yield np.arange(3.0)[:, None]
        if len(opened) < 3:
            yield np.arange(4.0 if len(opened) < 2 else 6.0)[:, None]

    source = ek.BlockSource(tables)
    with pytest.raises(ek.DataError, match=r"there were 4 rows .* now there are 6\. Make the source anew"):
        list(source.chunks())
    with pytest.raises(ek.DataError, match="block 2 is gone: there were 2 when the source was made"):
        list(source.chunks())


def test_a_function_is_opened_once_a_pass():
    opened = []

    def blocks():
        opened.append(1)
        return (part for part in in_blocks(FRAME, 40))

    source = ek.BlockSource(blocks)
    opened.clear()
    assert sum(len(chunk.x) for chunk in source.chunks()) == 120
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("blocks", "named", "said"),
    [
        ((part for part in in_blocks(FRAME, 40)), {}, r"^generator can be read once.*fit_online reads blocks once"),
        ([], {}, "^there are no blocks"),
        ([FRAME[:0]], {}, "^there are no blocks, or none that has rows"),
        ([X, X[:, :1]], {}, "^block 2 has other columns than the first one: x0, and not x0, x1"),
        ([FRAME, FRAME[["a"]]], {}, "the data frame has no column 'b'"),
        ([FRAME], {"weights": "n"}, "^block 1 has no column 'n' of weights or groups"),
        ([FRAME.assign(a=np.inf)], {}, "^row 0 of block 1, column 'a' is inf"),
        (
            [FRAME.assign(who="x"), FRAME.assign(who="x")],
            {"groups": "who"},
            "^rows of group x are in block 1 and in block 2: those of one group lie one after the other, in one block",
        ),
        (lambda: 3, {}, "^blocks are int; they must be tables, one after the other"),
        (FRAME, {}, "^blocks are DataFrame; they must be tables"),
    ],
)
def test_blocks_that_cannot_be(blocks, named, said):
    with pytest.raises(ek.DataError, match=said):
        ek.BlockSource(blocks, **named)


def test_a_generator_is_no_data_of_a_fit():
    with pytest.raises(ek.DataError, match=r"^generator can be read once"):
        ek.fit(MODEL, (part for part in in_blocks(FRAME, 40)), START)


def test_weights_of_blocks_belong_to_their_source():
    with pytest.raises(ek.DataError, match="weights and groups belong to the source"):
        ek.fit(MODEL, dd.from_pandas(FRAME, chunksize=40), START, weights=np.ones(120))


def test_a_stream_takes_partitions_and_sources():
    lazy = dd.from_pandas(FRAME, chunksize=40)
    online = [ek.fit_online(MODEL, blocks, START, passes=2) for blocks in (lazy, MEMORY, ek.BlockSource(in_blocks(FRAME, 40)))]
    assert {each.blocks for each in online} == {6}
    assert len({each.params.components.means.tobytes() for each in online}) == 1
    assert online[0].full_pass(lazy).log_likelihood == online[1].full_pass(MEMORY).log_likelihood


def test_a_mapping_to_families_takes_its_columns_of_blocks():
    mixed = ek.MixtureModel({"b": "gaussian", "n": "poisson"}, 1)
    frame = FRAME.assign(n=np.arange(120) % 5)
    found = mixed.fit(dd.from_pandas(frame, chunksize=40))
    assert found.result_.source.columns == ("b", "n")
    assert found.predict(frame).shape == (120,)
    assert found.predict(in_blocks(frame, 50)).shape == (120,)


def test_groups_of_rows_in_a_source_are_not_said_twice():
    result = ek.fit(MODEL, MEMORY, START, max_evaluations=2)
    with pytest.raises(ek.DataError, match="belong to the source: give them when you make it"):
        result.posterior(MEMORY, groups=np.arange(120))
