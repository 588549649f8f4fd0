"""The page of a lesson in a frame of the site: as high as it is, in the colours of the site, and its links leave the frame."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from emkit.lessons import two_coins
from emkit.page import lesson_page
from website.live import in_site

pytestmark = pytest.mark.slow

SCRIPT = (Path(__file__).resolve().parents[2] / "docs" / "javascripts" / "site.js").read_text(encoding="utf-8")
AROUND = f"""<!DOCTYPE html><meta charset="utf-8"><title>site</title><link rel="icon" href="data:,">
<body data-md-color-scheme="default"><iframe class="live" src="live/two-coins.html" width="900" height="100"></iframe>
<script>{SCRIPT}</script></body>"""


@pytest.fixture
def site(tmp_path):
    """A page with a lesson in a frame, as in the site, and the page to which the lesson leads."""
    (tmp_path / "live").mkdir()
    lesson = lesson_page(two_coins(), beside=[("three-coins.html", "Next")])
    about = {"two-coins.html": "around.html", "three-coins.html": "next.html"}
    (tmp_path / "live" / "two-coins.html").write_text(in_site(lesson, "two-coins.html", about), encoding="utf-8")
    (tmp_path / "next.html").write_text("<!DOCTYPE html><title>next</title>", encoding="utf-8")
    (tmp_path / "around.html").write_text(AROUND, encoding="utf-8")
    return tmp_path


def test_a_framed_lesson_fits_its_frame_wears_its_colours_and_leads_out_of_it(browse, site):
    watched = browse(color_scheme="light")
    tab = watched.open(site / "around.html")
    inside = tab.frame_locator("iframe")
    tab.wait_for_function("document.querySelector('iframe').clientHeight > 500")
    assert inside.locator("html").evaluate("html => html.scrollHeight <= html.clientHeight"), "nothing is left to scroll inside"

    expect(inside.locator("body")).to_have_css("background-color", "rgb(250, 248, 244)")
    tab.evaluate("document.body.setAttribute('data-md-color-scheme', 'slate')")
    expect(inside.locator("body")).to_have_css("background-color", "rgb(20, 23, 28)")

    tab.evaluate("scrollTo(0, document.body.scrollHeight)")
    inside.locator("#to-next").click()
    tab.wait_for_function("document.querySelector('iframe').getBoundingClientRect().top >= 0")
    assert inside.locator("[data-back]").count() == 0, "it is on the page that this leads to"
    inside.locator(".beside a").click()
    tab.wait_for_url("**/next.html")
    assert watched.complaints == []


def test_a_lesson_by_itself_keeps_its_links_and_has_a_way_back(browse, site):
    watched = browse()
    tab = watched.open(site / "live" / "two-coins.html", at="not-known")
    targets = tab.locator(".beside a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert targets == ["../around.html", "three-coins.html"]
    assert watched.complaints == []
