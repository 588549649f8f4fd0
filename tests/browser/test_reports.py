"""A report in a real browser: nothing is refused by its own policy, figures are there, and nothing is wider than the page."""

from __future__ import annotations

import pytest

from tests.writeup.fits import chosen, latent_classes

pytest.importorskip("matplotlib")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    latent_classes().report(folder / "classes.html")
    chosen().report(folder / "chosen.html")
    return folder


@pytest.mark.parametrize("name", ["classes", "chosen"])
@pytest.mark.parametrize("media", ["screen", "print"])
def test_a_report_shows_everything(places, name, media, browse):
    watched = browse(width=794)  # pixels of A4
    tab = watched.open(places / f"{name}.html")
    tab.emulate_media(media=media)
    assert watched.spotless()
    widths = tab.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert widths
    assert min(widths) > 100
    limit = tab.evaluate("document.querySelector('main').getBoundingClientRect().right")
    assert (
        tab.evaluate("Math.max(...[...document.querySelectorAll('table')].map(t => t.getBoundingClientRect().right))")
        <= limit + 1
    )


def test_axe_finds_nothing(places, browse):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    tab = browse().open(places / "classes.html")
    found = axe.Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
