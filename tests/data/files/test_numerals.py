"""Numbers as others write them: the advice never names another number than the one that was meant."""

import re

import numpy as np
import pytest

import emkit as ek
from emkit.data.files.numerals import is_written_otherwise, refuse_cell


def said(cell):
    with pytest.raises(ek.DataError) as caught:
        refuse_cell(2, "a", cell)
    return str(caught.value).split("; ", 1)[1]


PLAINLY = "Write the whole column with decimal points, and with nothing between thousands."


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("1,234", f"it may mean 1234 (a comma between thousands) or 1.234 (a decimal comma). {PLAINLY}"),
        ("-999,000", f"it may mean -999000 (a comma between thousands) or -999.000 (a decimal comma). {PLAINLY}"),
        ("1,234.5", "write 1234.5, and the whole column without commas between thousands."),
        ("1,234,567", "write 1234567, and the whole column without commas between thousands."),
        ("12,34,567", "write 1234567, and the whole column without commas between thousands."),
        ("1.234,5", "write 1234.5, and the whole column with decimal points, and with nothing between thousands."),
        ("1.234.567", "write 1234567, and the whole column with decimal points, and with nothing between thousands."),
        ("1 234", "write 1234, and the whole column with nothing between thousands."),
        ("1'234.5", "write 1234.5, and the whole column with nothing between thousands."),
        ("1\u00a0234,567", "write 1234.567, and the whole column with nothing between thousands."),
        ("2,5", "write decimals with a point, 2.5."),
        ("0,123", "write decimals with a point, 0.123."),
        ("1234,567", "write decimals with a point, 1234.567."),
        ("12 %", "remove the percent signs of the whole column, which is then in percent."),
        ("1,5%", "remove the percent signs of the whole column, which is then in percent."),
        ("1,23,4", "it must be a number. Choose the columns to use with --columns."),
        ("%", "it must be a number. Choose the columns to use with --columns."),
    ],
)
def test_advice(cell, sentence):
    assert said(cell) == sentence


STYLES = [(",", "."), (".", ","), (" ", ","), ("\u202f", ","), ("'", "."), ("", ",")]


@pytest.mark.parametrize(("between", "decimal"), STYLES)
def test_no_advice_changes_a_number(between, decimal):
    """If a sentence names numbers, the one that was meant is among them; if it names one alone, it is that one."""
    rng = np.random.default_rng(1)
    for _ in range(300):
        decimals = int(rng.integers(0, 5))
        value = float(np.round(rng.standard_normal() * 10.0 ** rng.integers(0, 8), decimals))
        cell = f"{value:,.{decimals}f}".replace(",", "_").replace(".", decimal).replace("_", between)
        try:
            float(cell)
        except ValueError:
            named = [float(number) for number in re.findall(r"[+-]?\d+(?:\.\d+)?", said(cell))]
            assert not named or value in named, cell
            assert len(named) <= 2
            assert is_written_otherwise(cell) == bool(named)
