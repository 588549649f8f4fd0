"""Sentences from parts."""

from __future__ import annotations

import pytest

from emkit.report.sentences import capital, joined, listed


@pytest.mark.parametrize(("names", "said"), [(["1"], "1"), (["1", "2"], "1 and 2"), (["1", "2", "3"], "1, 2 and 3")])
def test_a_few_names_are_joined(names, said):
    assert joined(names) == said
    assert joined(names, "or") == said.replace("and", "or")


def test_many_names_are_listed_as_far_as_there_is_room():
    assert listed(iter("abc"), 3) == "a; b; c"
    assert listed(iter("abcde"), 3) == "a; b; c and 2 more"


def test_only_the_first_letter_is_made_a_capital():
    assert [capital(sentence) for sentence in ("", "it is X", "EM")] == ["", "It is X", "EM"]
