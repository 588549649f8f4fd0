"""Names in the data are text, whatever they look like: no page gets another node from them, and nothing runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emkit.data.source import ArraySource
from emkit.explain.subject import Question
from emkit.families import FullGaussian
from emkit.lessons import old_faithful
from emkit.models import Mixture
from emkit.page import lesson_page, likelihood, result_page
from emkit.result import fit

pytestmark = pytest.mark.slow

PAYLOADS = (
    "</script><script>window.pwned=1</script>",
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    '"><img src=x onerror=window.pwned=1>',
    "'><svg onload=window.pwned=1>",
    "<svg><script>window.pwned=1</script></svg>",
    "<!--<script>",
    "--><script>window.pwned=1</script>",
    "]]><script>window.pwned=1</script>",
    "</title><script>window.pwned=1</script>",
    "</style><script>window.pwned=1</script>",
    "</textarea><script>window.pwned=1</script>",
    "<math><mtext></mtext><mglyph><style></math><img src onerror=window.pwned=1>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'>",
    "<a href=javascript:window.pwned=1>x</a>",
    "javascript:window.pwned=1",
    "<base href=//evil.example>",
    "<link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<form action=//evil.example><input autofocus onfocus=window.pwned=1>",
    "<details open ontoggle=window.pwned=1>",
    "<body onload=window.pwned=1>",
    "{{script}}",
    "{{trace}}",
    "${window.pwned=1}",
    "`+(window.pwned=1)+`",
    "';window.pwned=1;'",
    '";window.pwned=1;"',
    '\\";window.pwned=1;//',
    "\u2028window.pwned=1\u2029",
    "a\u2028</script>",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "&#60;script&#62;window.pwned=1",
    "\x00<script>window.pwned=1</script>",
    "\u202e<script>",
    "<SCRIPT/XSS>window.pwned=1</SCRIPT>",
    "<<script>window.pwned=1//<</script>",
    "constructor",
    "hasOwnProperty",
    "toString",
)
PLAIN = "plain"
# tags with the names of their attributes; a longer name may make a box so wide that keys must be able to scroll it
SHAPE = """() => [...document.querySelectorAll('*')].map((node) => node.tagName + ':' + [...node.attributes].map((a) => a.name)
    .filter((name) => name !== "tabindex").join()).join('\\n')"""


def named(name: str):
    lesson = old_faithful()
    small = ArraySource(lesson.source.x[:24], columns=[name, f"{name} again"])
    return replace(
        lesson,
        name=name,
        title=name,
        story=name,
        source=small,
        components=(name, f"other {name}"),
        symbols={},
        row_names=(name,) * 24,
        told={"e-step": (name,)},
        questions=(Question(name, lambda steps: 1.0, "e-step"),),
    )


def test_there_are_forty():
    assert len(set(PAYLOADS)) == 40


def shapes_of(tab) -> list[str]:
    """The structure of the workbench at the start and after a step, and of scenes of the story."""
    found = [tab.evaluate(SHAPE)]
    tab.keyboard.press("e")
    tab.keyboard.press("m")
    found.append(tab.evaluate(SHAPE))
    for scene in ("guess", "e-step", "m-step", "where-it-ends"):
        tab.goto(f"{tab.url.partition('#')[0]}#{scene}")
        found.append(tab.evaluate(SHAPE))
    return found


@pytest.fixture(scope="module", autouse=True)
def _coarse():
    """Heights at few places: they hold no names, and most of a page's time goes into them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(likelihood, "GRID", 3)
        patched.setattr(likelihood, "ALONG", np.array([0.0, 0.5, 1.0]))
        yield


@pytest.fixture(scope="module")
def watched(browse_for_all):
    """One tab, which opens one page after the other, and paints little of them."""
    return browse_for_all(height=120, reduced_motion="reduce")


@pytest.fixture(scope="module")
def shape(watched, tmp_path_factory):
    """The structures of a page with plain names."""
    path = tmp_path_factory.mktemp("plain") / "plain.html"
    path.write_text(lesson_page(named(PLAIN)), encoding="utf-8")
    return shapes_of(watched.open(path))


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_a_name_is_only_text(payload, shape, watched, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(lesson_page(named(payload)), encoding="utf-8")
    watched.complaints.clear()
    tab = watched.open(path)
    assert shapes_of(tab) == shape
    assert tab.evaluate("window.pwned") is None
    assert tab.locator("h1").text_content() == payload.replace("\x00", "\ufffd")
    assert watched.spotless()


def test_names_of_files_and_columns_of_a_fit_are_only_text(watched, tmp_path):
    lesson = old_faithful()
    shapes = set()
    for n, payload in enumerate((PLAIN, *PAYLOADS[:6])):
        source = ArraySource(lesson.source.x[:40], columns=[payload, f"{payload} too"])
        text = result_page(fit(Mixture(FullGaussian()), source, lesson.start), title=f"{payload}.csv")
        path = tmp_path / f"{n}.html"
        path.write_text(text, encoding="utf-8")
        watched.complaints.clear()
        tab = watched.open(path)
        tab.keyboard.press("e")
        shapes.add(tab.evaluate(SHAPE))
        assert tab.evaluate("window.pwned") is None
        assert watched.spotless()
    assert len(shapes) == 1
