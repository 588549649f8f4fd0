"""Answers, and labels of groups, in ordered categories of pandas, polars and pyarrow: their codes, in their order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import emkit as ek
from emkit.data.frames import InOrder, read_table

NAMES = ["never", "sometimes", "often"]  # which is not the order of the letters
ITEMS = list("abcd")
MODEL = ek.ItemsModel([ek.GradedResponse(3)] * 4)
TRUE = MODEL.params([ek.GradedItem([-1.0, 0.8], 1.0 + 0.2 * j) for j in range(4)])
CODES = MODEL.draw(TRUE, np.random.default_rng(3), 300).astype(int)
CODES[4, 1] = -1  # a gap


def words(j):
    return [NAMES[code] if code >= 0 else None for code in CODES[:, j]]


def arrow(cells, ordered=True):
    codes = pa.array([None if cell is None else NAMES.index(cell) for cell in cells], pa.int8())
    return pa.DictionaryArray.from_arrays(codes, pa.array(NAMES), ordered=ordered)


FRAMES = {
    "pandas": lambda ordered: pd.DataFrame({c: pd.Categorical(words(j), NAMES, ordered) for j, c in enumerate(ITEMS)}),
    "polars": lambda ordered: pl.DataFrame(
        {c: pl.Series(words(j), dtype=pl.Enum(NAMES) if ordered else pl.Categorical) for j, c in enumerate(ITEMS)}
    ),
    "pyarrow": lambda ordered: pa.table({c: arrow(words(j), ordered) for j, c in enumerate(ITEMS)}),
}
NUMBERS = pd.DataFrame(np.where(CODES < 0, np.nan, CODES), columns=ITEMS)


@pytest.mark.parametrize("library", FRAMES)
def test_ordered_categories_are_known_as_such(library):
    found = read_table(FRAMES[library](True))
    assert found.levels == (tuple(NAMES),) * 4
    assert all(isinstance(names, InOrder) for names in found.levels)
    np.testing.assert_array_equal(found.x, NUMBERS)
    assert not any(isinstance(names, InOrder) for names in read_table(FRAMES[library](False)).levels)


@pytest.fixture(scope="module")
def by_numbers():
    return ek.ItemResponse(items="graded").fit(NUMBERS)


@pytest.mark.parametrize("library", FRAMES)
def test_answers_in_ordered_categories_are_those_of_their_codes(library, by_numbers, tmp_path):
    frame = FRAMES[library](True)
    fit = ek.ItemResponse(items="graded").fit(frame)
    assert fit.result_.log_likelihood == by_numbers.result_.log_likelihood
    scores = by_numbers.transform(NUMBERS)
    np.testing.assert_array_equal(fit.transform(frame), scores)
    np.testing.assert_array_equal(fit.transform(FRAMES[library](False)), scores)  # whose names the fit knows
    fit.result_.save(tmp_path / "items.emk")
    told = ek.load(tmp_path / "items.emk").latent(frame)
    assert str(told) == str(by_numbers.result_.latent(NUMBERS))


@pytest.mark.parametrize("library", FRAMES)
def test_models_take_them_too(library, by_numbers):
    frame = FRAMES[library](True)
    found = ek.fit(MODEL, frame, by_numbers.result_.params)
    assert found.log_likelihood == pytest.approx(by_numbers.result_.log_likelihood, abs=1e-6)
    right = pd.DataFrame({c: pd.Categorical(np.where(NUMBERS[c] > 0, "right", "off"), ["off", "right"], True) for c in ITEMS})
    said = ek.ItemResponse().fit(right).result_.log_likelihood
    assert said == ek.ItemResponse().fit((right == "right").astype(float)).result_.log_likelihood


@pytest.mark.parametrize("library", FRAMES)
def test_classes_and_ordered_regressions_keep_their_order(library):
    frame = FRAMES[library](True)
    classes = ek.LatentClass(2, random_state=0).fit(frame)
    assert classes.result_.log_likelihood == ek.LatentClass(2, random_state=0).fit(NUMBERS).result_.log_likelihood
    assert classes.result_.source.levels[0] == tuple(NAMES)
    if library == "pyarrow":
        beside = frame.append_column("x", pa.array(np.arange(300.0)))
    else:
        beside = frame.assign(x=np.arange(300.0)) if library == "pandas" else frame.with_columns(x=pl.Series(np.arange(300.0)))
    assert ek.MixtureRegression("a ~ x", 1, family="ordered").fit(beside).levels_ == tuple(NAMES)


@pytest.mark.parametrize("library", FRAMES)
def test_names_without_an_order_are_refused_with_what_to_do(library):
    with pytest.raises(ek.DataError, match=r"names that have no order: 'a', 'b', 'c', 'd'. Say it: .*ordered=True"):
        ek.ItemResponse(items="graded").fit(FRAMES[library](False))


def test_a_fit_of_names_knows_no_others():
    fit = ek.ItemResponse(items="graded").fit(FRAMES["pandas"](True))
    with pytest.raises(ek.DataError, match="column 'b' is 'always'; its levels are never, sometimes, often"):
        fit.transform(pd.DataFrame([["never", "always", "often", "never"]], columns=ITEMS))


def test_the_first_of_ordered_groups_says_where_0_is():
    words = np.where(np.arange(300) % 2, "after", "before")
    plain = ek.ItemResponse(items="graded").fit(NUMBERS, groups=words)
    assert plain.groups_ == ("after", "before")
    for labels in (
        pd.Series(pd.Categorical(words, ["before", "after"], True)),
        pl.Series(words, dtype=pl.Enum(["before", "after"])),
    ):
        fit = ek.ItemResponse(items="graded").fit(NUMBERS, groups=labels)
        assert fit.groups_ == ("before", "after")
        assert fit.means_[1] == pytest.approx(-plain.means_[1] / plain.spreads_[1], abs=0.02)
