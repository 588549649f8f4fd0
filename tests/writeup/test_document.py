"""Values of a report: numbers are what their text says, and no text hides anything."""

from __future__ import annotations

import math

import pytest

from emkit.writeup.document import Document, Number, Paragraph, Section, Table, alike, fixed, legible


@pytest.mark.parametrize(
    ("text", "value"), [("<.001", "<.001"), ("12", 12), ("-1130.2640", -1130.264), ("1e-80", 1e-80), ("0.0000", 0.0)]
)
def test_a_number_is_what_is_shown(text, value):
    assert Number(text).value == value
    assert type(Number(text).value) is type(value)


def test_numbers_that_are_none_are_not_shown():
    assert fixed(math.inf, 2) is None
    assert fixed(2.345, 1) == Number("2.3")
    assert fixed(-0.0004, 3) == Number("0.000")
    assert alike([1.0, math.nan, 22.25]) == [Number("1.000"), None, Number("22.250")]


def test_text_is_made_legible_wherever_it_stands():
    bad, good = "a\x1b\u202eb\ud800", r"a\x1b\u202eb\ud800"
    assert legible(bad) == good
    table = Table(bad, (bad,), ((bad,), (Number("1"),)), (bad,))
    made = Document(bad, (Section("x", bad, (Paragraph(bad), table)),))
    assert bad not in str(made)
    assert (
        made.title == made["x"].title == made["x"].parts[0].text == table.caption == table.rows[0][0] == table.notes[0] == good
    )


def test_columns_of_numbers_hold_nothing_else():
    assert Table("", ("a", "b", "c"), (("x", Number("1"), None), ("y", None, "z"))).numeric == (False, True, False)
