"""The page that links others, and the links of these."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from emkit.data.source import ArraySource
from emkit.lessons import LESSONS, linkage
from emkit.page import lesson_page
from emkit.page.html import links
from emkit.page.index import Entry, index_page
from emkit.page.thumbnail import MOST_BARS, thumbnail


def test_links_are_in_order_with_pictures_and_say_where_to_start():
    entries = [
        Entry(f"{name}.html", name, "about", thumbnail(LESSONS[name]().source)) for name in ("two-coins", "old-faithful")
    ]
    text = index_page([*entries, Entry("a b.html", "<b>", "c & d")])
    assert re.findall(r'class="place">([^<]*)<', text) == ["Start here", "2", "3"]
    assert text.index("two-coins.html") < text.index("old-faithful.html") < text.index("a%20b.html")
    assert "&lt;b&gt;" in text
    assert text.count('<svg class="thumbnail"') == 2


@pytest.mark.parametrize("name", LESSONS)
def test_a_small_picture_is_well_formed_within_its_frame_and_holds_no_text(name):
    picture = ElementTree.fromstring(thumbnail(LESSONS[name]().source))
    assert len(picture) > 0
    assert "".join(picture.itertext()) == ""
    for mark in picture:
        numbers = list(map(float, re.findall(r"-?\d+\.\d", " ".join(mark.attrib.values()))))
        assert min(numbers) >= 0
        assert max(numbers) <= 168


def test_many_values_are_counted_and_gaps_left_out():
    values = np.random.default_rng(0).normal(size=(400, 1))
    values[3] = np.nan
    assert len(ElementTree.fromstring(thumbnail(ArraySource(values)))) == MOST_BARS


def test_a_page_links_the_files_beside_it_and_none_by_itself():
    assert links([]) == ""
    text = lesson_page(linkage(), beside=[("index.html", "All pages"), ("next one.html", "Next: <i>")])
    assert '<a href="next%20one.html">Next: &lt;i&gt;</a>' in text
    assert 'href="' not in lesson_page(linkage())
