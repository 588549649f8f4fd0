"""What notebooks show is text, whatever a user calls things, and well-formed."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import emkit as ek
from emkit.markup import MOST, TidyTable, table_as_html, text_as_html

PAYLOADS = (
    "<script>alert(1)</script>",
    "</pre><img src=x onerror=alert(1)>",
    "</td></table><svg onload=alert(1)>",
    "\"'><iframe srcdoc='<script>alert(1)</script>'>",
    "&lt;b&gt; & <!-- </title>",
    "<a href='javascript:alert(1)'>x</a>",
)
ALLOWED = {"pre", "table", "caption", "thead", "tbody", "tr", "th", "td", "p"}


class Reader(HTMLParser):
    """Reads markup: all tags are allowed ones, without attributes, and closed in order; keeps the text."""

    def __init__(self, markup):
        super().__init__()
        self.open, self.text = [], ""
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED
        assert attrs == []
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_comment(self, data):
        raise AssertionError(data)

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def result():
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [4.0]]))
    return ek.fit(ek.Mixture("poisson"), [0, 1, 0, 2, 1, 6, 7, 5, 8, 6], start)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_whatever_users_write_stays_text(payload):
    start = ek.MixtureParams([1.0], ek.PoissonParams([[1.0]]))
    made = ek.fit(ek.Mixture("poisson"), ek.ArraySource([1.0, 2.0], columns=[payload]), start)
    lesson = replace(ek.lessons.two_coins(), title=payload, story=payload, reference=payload, notice=(payload,))
    errors = replace(
        made.standard_errors(), names=(payload,), estimates=np.ones(1), errors=np.ones(1), reasons={payload: payload}
    )
    for shown in (text_as_html(payload), table_as_html({payload: [payload]}, payload, [payload])):
        assert payload in Reader(shown).text
    for value in (lesson, errors, made.tidy()):
        assert payload in Reader(value._repr_html_()).text
    assert payload[:12] in Reader(made._repr_html_()).text  # a summary has no room for long names


def test_a_table_has_four_digits_blanks_for_gaps_and_an_end():
    assert Reader(table_as_html({"x": [1 / 3, float("nan"), None, 12, "one"]})).text == "x0.333312one"
    long = table_as_html({"i": range(MOST + 5)})
    assert "5 rows more" in Reader(long).text
    assert f"<td>{MOST - 1}</td>" in long
    assert f"<td>{MOST}</td>" not in long


def test_records_show_their_numbers(result):
    errors = result.standard_errors()
    shown = Reader(errors._repr_html_()).text
    assert "components.rates[1, 0]" in shown
    assert f"{errors['components.rates[1, 0]']:.4g}" in shown
    some = result.bootstrap(5, random_state=0)
    shown = Reader(some._repr_html_()).text
    assert some.sentence in shown
    assert f"{some.intervals()[0, 1]:.4g}" in shown
    alone = Reader(result.bootstrap(1, random_state=0)._repr_html_()).text
    assert "std. error" not in alone  # of one replicate there is none


def test_explanations_and_lessons_show_what_they_say():
    coins = ek.lessons.two_coins()
    assert Reader(coins.explain()._repr_html_()).text == coins.explain().text()
    assert "0.45" in Reader(coins._repr_html_()).text


@pytest.mark.slow
def test_a_selection_shows_its_table():
    chosen = ek.select(ek.MixtureModel("poisson", random_state=0), [0, 1, 0, 2, 1, 6, 7, 5, 8, 6], n_components=[1, 2])
    assert Reader(chosen._repr_html_()).text == chosen.table()


def test_tidy_rows_are_a_dictionary_where_no_library_brought_the_data(result):
    rows = result.tidy()
    assert isinstance(rows, TidyTable)
    assert repr(rows) == repr(dict(rows))
    assert "estimate" in Reader(rows._repr_html_()).text
