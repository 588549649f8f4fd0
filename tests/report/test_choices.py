"""The table of a choice: a line for each model, or of many a number for each."""

from __future__ import annotations

import numpy as np
import pytest

import emkit as ek
from emkit.report.choices import FIRST, choice_text
from emkit.selection.choice import Cell, Choice, Line

FORMS, NUMBERS = ("EII", "EEE", "VVV", "VEV", "EVI"), range(1, 8)


@pytest.fixture(scope="module")
def fits() -> dict[int, ek.Result]:
    x = np.random.default_rng(0).normal(np.repeat([0.0, 6.0], 40))[:, None]
    return {k: ek.GaussianMixture(k, n_init=1, random_state=0).fit(x).result_ for k in (1, 2)}


def choice_of(fits, numbers=NUMBERS, trouble: str = "component 0 has collapsed.") -> Choice:
    """The second number of components of the second form is best; most components of the last form have some trouble."""
    last = Cell(("EVI",), max(numbers))
    cells = [Cell((form,), k) for form in FORMS for k in numbers]
    best = {cell: fits[2] if cell == Cell(("EEE",), 2) or cell == last else fits[1] for cell in cells}
    lines = [Line(cell, best[cell], best[cell], trouble if cell == last else "") for cell in cells]
    return Choice(tuple(lines), "bic", ("covariance_type",))


def test_many_models_have_a_number_each_and_the_best_a_line(fits):
    choice = choice_of(fits)
    text = choice_text(choice, 80).splitlines()
    assert max(map(len, text)) <= 80
    assert text[0] == "BIC above the lowest, by covariance_type and number of components"
    assert text[1].split() == [str(k) for k in NUMBERS]
    above = f"{fits[1].bic - fits[2].bic:.1f}"
    assert text[3].split() == ["EEE", above, "*0.0", *[above] * 5]
    assert text[6].split() == ["EVI", *[above] * 6, "!0.0"]
    headed = next(i for i, line in enumerate(text) if line.split()[:2] == ["covariance_type", "K"])
    first = text[headed + 1 : headed + 1 + FIRST]
    assert first[0].split()[:2] == ["EEE", "2"]
    assert first[0].endswith("*")
    assert text[headed + 1 + FIRST].strip() == ""
    assert "  ! EVI 7: component 0 has collapsed." in text


def test_columns_stand_under_their_numbers(fits):
    text = choice_text(choice_of(fits), 80).splitlines()
    end = text[1].index("2") + 1
    assert [line[:end].endswith((".7", ".0")) for line in text[2:7]] == [True] * 5


@pytest.mark.parametrize(("width", "numbers"), [(80, range(1, 15)), (40, NUMBERS)])
def test_where_they_have_no_room_every_model_has_a_line(width, numbers, fits):
    text = choice_text(choice_of(fits, numbers), width).splitlines()
    assert not text[0].startswith("BIC above")
    assert sum(line.split()[:1] == ["VVV"] for line in text) == len(numbers)


def test_few_models_have_a_line_each(fits):
    text = choice_text(choice_of(fits, range(1, 4)), 80).splitlines()
    assert text[0].split()[:2] == ["covariance_type", "K"]
    assert sum(line.split()[:1] == ["EII"] for line in text) == 3


def test_a_choice_of_which_none_can_be_chosen_is_printed_and_says_so(fits):
    cells = [Cell((form,), k) for form in FORMS for k in NUMBERS]
    choice = Choice(tuple(Line(cell, fits[1], fits[1], "the budget is spent.") for cell in cells), "bic", ("covariance_type",))
    text = choice_text(choice, 80)
    assert "No model can be chosen by BIC: each has some trouble." in text
    assert "  ! EEE 2: the budget is spent." in text
    assert "*" not in text


def test_criteria_are_left_out_only_where_there_is_no_room(fits):
    choice = Choice(tuple(Line(Cell((), k), fits[k], fits[k]) for k in (1, 2)), "bic")

    def headings(width: int) -> list[str]:
        text = choice_text(choice, width).splitlines()
        assert max(map(len, text[:3])) <= width
        return text[0].split()

    every = ["K", "log-likelihood", "free", "BIC", "ICL", "AIC", "entropy"]
    needed = max(map(len, choice_text(choice, 80).splitlines()[:3]))  # the last column holds the mark of the best
    assert headings(80) == headings(needed) == every
    assert headings(needed - 1) == [name for name in every if name != "AIC"]


def test_long_forms_go_on_in_further_lines_and_every_number_is_there(fits):
    long = ("spherical", "Squarem(longest=4.0, growth=4.0)", "a value of which nobody knew how many words it has")
    cells = [Cell(("VVV", "anderson", "short"), 1), Cell(long, 2)]
    choice = Choice(tuple(Line(cell, fits[k], fits[k]) for k, cell in zip((1, 2), cells, strict=True)), "bic", ("a", "b", "c"))
    for width in (60, 80):
        text = choice_text(choice, width).partition("\n\n")[0].splitlines()
        assert max(map(len, text)) <= width
        end = text[0].index(" K ") + 2
        assert [line[end - 1 : end].strip() for line in text if line[end:].strip()] == ["K", "1", "2"]
        assert [line.endswith("*") for line in text if line[end:].strip()] == [False, False, True]
        told = "".join("".join(line[: end - 1].split()) for line in text)
        assert told == "".join(["a,b,c", *cells[0].form, *long]).replace(" ", "")
