"""What the site makes of pages: what its buttons copy, how docstrings are shown, and lessons that fit into its frames."""

from __future__ import annotations

import doctest
import re
from html import unescape
from pathlib import Path

import pytest

from emkit.lessons import two_coins
from emkit.page import lesson_page
from website.check_links import faults
from website.copying import with_copies
from website.docstrings import as_markdown
from website.live import digest, in_site

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
ABOUT = {"two-coins.html": "lessons/two_coins.html", "three-coins.html": "lessons/three_coins.html"}
INDEX = "<head><meta content=\"script-src 'sha256-x'; style\"><title>t</title></head><body><header></header><main></main>"


@pytest.fixture(scope="module")
def lesson():
    return lesson_page(two_coins(), beside=[("index.html", "All pages"), ("three-coins.html", "Next")])


def copied(page: str) -> list[str]:
    return [unescape(code) for code in re.findall(r'data-copy="([^"]*)"', with_copies(page))]


def test_a_session_is_copied_without_prompts_and_without_what_was_printed():
    shown = '<span class="gp">&gt;&gt;&gt; </span>for i in (1, 2):\n...     print(&quot;a&quot;, i)\na 1\n...\n'
    session = f'<div class="language-pycon highlight"><pre><span></span><code>{shown}</code></pre></div>'
    assert copied(session) == ['for i in (1, 2):\n    print("a", i)\n']
    shell = "<pre><code>$ make demo     # all\nwrote 11 pages\n$ make test\n</code></pre>"
    assert copied(f'<div class="language-console highlight">{shell}</div>') == ["make demo     # all\nmake test\n"]
    assert copied('<div class="language-r highlight"><pre><code>x &lt;- 1</code></pre></div>') == []


def test_parameters_of_a_docstring_are_a_list_with_their_names_as_code():
    shown = as_markdown(
        """A thing.

        Parameters:
            one, two: numbers: of a kind
                that goes on.
            three (K,): a third.

        Attributes:
            four_: a fourth.

        >>> 1 + 1
        2
        """
    )
    assert "**Parameters**\n\n- `one, two`: numbers: of a kind\n    that goes on.\n- `three (K,)`: a third.\n" in shown
    assert "**Attributes**\n\n- `four_`: a fourth.\n" in shown
    assert "```pycon\n>>> 1 + 1\n2\n```" in shown


def test_a_lesson_has_a_way_back_to_the_site_and_its_links_leave_a_frame(lesson):
    page = in_site(lesson, "two-coins.html", ABOUT)
    assert '<a data-back href="../lessons/two_coins.html">' in page
    assert '<a href="three-coins.html" data-in-site="../lessons/three_coins.html">' in page
    assert '<a href="index.html">All pages' in page
    assert '<base target="_top">' in page
    assert '<a data-back href="../index.html">' in in_site(INDEX, "index.html", ABOUT)


def test_the_policy_of_a_lesson_lets_its_own_scripts_run_and_no_other(lesson):
    page = in_site(lesson, "two-coins.html", ABOUT)
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (allowed,) = re.findall(r"script-src ([^;]*);", page)
    assert len(scripts) == 2
    assert sorted(allowed.split()) == sorted(f"'{digest(script)}'" for script in scripts)


def test_a_lesson_without_a_place_for_what_the_site_puts_in_is_told(lesson):
    with pytest.raises(ValueError, match="has no <title> any more"):
        in_site(lesson.replace("<title>", "<other>"), "two-coins.html", ABOUT)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_says_where_its_files_lie_and_what_dots_stand_for(page):
    text = page.read_text(encoding="utf-8")
    examples = doctest.DocTestParser().get_examples(text)
    read = {name for example in examples for name in re.findall(r'"(data/[\w.]+)"', example.source)}
    assert not read or "`cd tests/oracles`" in text, "it reads files, and does not say where to stand"
    assert [name for name in read if not (ROOT / "tests" / "oracles" / name).is_file()] == []
    printed = [line for example in examples for line in example.want.splitlines() if "..." in line]
    left_out = [line for line in printed if line != "    ..." and "proportion_1" not in line]
    blanks = any("proportion_1 = ..." in example.want for example in examples)  # of a worksheet, to be filled in
    assert not left_out or blanks or "`...` stands for" in text, f"it prints {left_out[0]!r}, and does not say what is left out"


def test_the_link_check_tells_of_each_link_that_leads_nowhere(tmp_path):
    (tmp_path / "good.html").write_text('<h1 id="here">A</h1><a href="#here">x</a><a href="https://a.org/">z</a>', "utf-8")
    (tmp_path / "links.html").write_text('<a href="good.html#here">x</a>', "utf-8")
    assert faults(tmp_path) == []
    wrong = '<a href="gone.html">x</a><a href="good.html#nowhere">y</a><script src="https://example.org/z.js"></script>'
    (tmp_path / "wrong.html").write_text(wrong, "utf-8")
    assert faults(tmp_path) == [
        "wrong.html fetches https://example.org/z.js",
        "wrong.html links to gone.html, which is not there",
        "wrong.html links to good.html#nowhere: there is no such anchor",
    ]
