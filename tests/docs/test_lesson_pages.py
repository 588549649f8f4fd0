"""The lessons in the docs are one path of pages with the same parts; their questions go through check_work and are right.

(That the examples give what the pages print is tested by running every page as a doctest.)
"""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

import emkit as ek
from emkit.teach import check

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "lessons"
PATH = ("known_labels", "two_coins", "three_coins", "two_normals", "missing_data", "umbrella", "your_own_model")
PARTS = ["The problem", "By hand", "With emkit", "Why it works", "What to notice", "Check yourself", "Next"]
FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def page(name):
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def part(name, title):
    return page(name).split(f"\n## {title}\n")[1].split("\n## ")[0]


def examples(text):
    return [example.source for block in FENCE.findall(text) for example in doctest.DocTestParser().get_examples(block)]


@pytest.mark.parametrize("name", PATH)
def test_every_page_has_the_same_parts(name):
    assert re.findall(r"^## (.*)$", page(name), re.MULTILINE) == PARTS
    number = PATH.index(name) + 1
    assert page(name).startswith(f"# {number}. ")
    assert "\n**The idea:** " in page(name)
    assert all(examples(part(name, title)) for title in ("With emkit", "Why it works", "Check yourself"))


@pytest.mark.parametrize("name", PATH)
def test_three_questions_come_before_the_folded_answers(name):
    text = part(name, "Check yourself")
    questions, answers = text.split("<details>\n<summary>Answers</summary>")
    assert re.findall(r"^(\d)\. ", questions, re.MULTILINE) == ["1", "2", "3"]
    assert len(re.findall(r"\?", questions)) >= 3
    assert FENCE.search(questions) is None, "the answers must be folded away"
    assert answers.count("check_work") >= 3
    assert answers.rstrip().endswith("</details>")


@pytest.mark.parametrize("name", PATH)
def test_the_answers_are_marked_and_only_what_is_called_a_slip_is_wrong(name, monkeypatch):
    """Runs the page with a check_work that takes notes: the first three markings are the answers to the questions."""
    marked = []

    def noting(*arguments, **options):
        marked.append(check.check_work(*arguments, **options))
        return marked[-1]

    monkeypatch.setattr(ek, "check_work", noting, raising=False)
    scope = {"__name__": "__main__"}
    for source in examples(page(name)):
        exec(compile(source, name, "single", dont_inherit=True), scope)  # noqa: S102
    assert len(marked) >= 3
    wrong = [mark for marking in marked[:3] for mark in marking.lines if mark.verdict is check.Verdict.WRONG]
    expected = ["0.82"] if name == "three_coins" else []
    assert [mark.claimed for mark in wrong] == expected
    for marking in marked[3:]:
        assert marking.first_mistake.slip is not None, "what a page shows as a slip must have a name"


@pytest.mark.parametrize(("name", "following"), list(zip(PATH, (*PATH[1:], "index"), strict=True)))
def test_each_page_leads_to_the_next(name, following):
    assert f"({following}.md)" in part(name, "Next")


def test_the_index_lists_the_path_in_order_and_nothing_else():
    listed = re.findall(r"^\| \d \| \[[^\]]+\]\((\w+)\.md\)", page("index"), re.MULTILINE)
    assert tuple(listed) == PATH
    assert {path.stem for path in FOLDER.glob("*.md")} == {*PATH, "index"}


def test_numbers_by_hand_are_the_numbers_of_the_library():
    """The prose of the pages against exact arithmetic."""
    coins = ek.lessons.two_coins()
    assert "= 0.80" in part("two_coins", "By hand")
    assert f"{0.6**9 * 0.4:.6f}" in part("two_coins", "By hand")
    assert coins.explain().step.rows[1].responsibilities[0] == pytest.approx(0.80, abs=0.005)
    three = ek.lessons.three_coins().explain(exact=True).exact
    shares = [str(row.responsibilities[0]) for row in three.rows]
    assert all(share in part("three_coins", "By hand") for share in shares)
    assert "59/97 = 0.6082" in part("missing_data", "By hand")
    assert ek.lessons.linkage().explain().step.after["theta"] == pytest.approx(59 / 97, rel=1e-14)
    assert "theta_A = 24/30 = 0.8 and theta_B = 9/20 = 0.45" in part("known_labels", "By hand")
