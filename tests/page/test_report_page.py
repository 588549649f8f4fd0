"""A report as HTML: one file, no network, no script, figures inside or the reason why there are none."""

from __future__ import annotations

import base64
import stat
import sys
from xml.etree import ElementTree

import pytest

from emkit.page.report import NO_PICTURES
from tests.writeup.fits import FITS, latent_classes, read_html

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def classes():
    return latent_classes()


def written(fit, place) -> str:
    fit.report(place)
    return place.read_text(encoding="utf-8")


def test_it_asks_nothing_of_the_network_and_runs_nothing(classes, tmp_path):
    text = written(classes, tmp_path / "x.html")
    assert "default-src 'none'" in text
    assert not {"script", "link", "iframe", "object"} & read_html(text).tags
    assert "http" not in text.replace("http-equiv", "")


def test_figures_are_pictures_inside(classes, tmp_path):
    images = read_html(written(classes, tmp_path / "x.html")).images
    assert len(images) == 1
    for image in images:
        kind, _, data = image.partition(",")
        assert kind == "data:image/svg+xml;base64"
        assert ElementTree.fromstring(base64.b64decode(data)).tag.endswith("svg")


def test_every_table_has_a_heading_for_every_column_or_names_in_front(classes, tmp_path):
    for table in read_html(written(classes, tmp_path / "x.html")).tables:
        assert len({len(row) for row in table}) == 1


def test_without_matplotlib_a_sentence_says_so(classes, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    html = read_html(written(classes, tmp_path / "x.html"))
    assert html.images == []
    assert ("p", NO_PICTURES) in html.texts


def test_the_reader_s_own_style_does_not_change_a_picture(classes, tmp_path):
    import matplotlib

    before = written(classes, tmp_path / "a.html")
    with matplotlib.rc_context({"axes.facecolor": "red", "font.size": 30}):
        assert written(classes, tmp_path / "b.html") == before


def test_a_report_can_be_read_by_others_and_replaces_the_one_before(tmp_path):
    place = tmp_path / "x.html"
    place.write_text("old")
    FITS["cells"]().report(place)
    assert stat.S_IMODE(place.stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["x.html"]
    assert "old</" not in place.read_text(encoding="utf-8")
