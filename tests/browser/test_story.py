"""The story of a page: every scene by keyboard and by touch, in three widths, light and dark; its numbers are Python's."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from emkit.data.source import ArraySource
from emkit.explain import explain
from emkit.explain.notation import NOTATIONS
from emkit.formulas.numerals import count, four_decimals, significant
from emkit.lessons import LESSONS, old_faithful, two_coins
from emkit.page import lesson_page

pytestmark = pytest.mark.slow

SCENES = ("not-known", "guess", "e-step", "m-step", "why-it-climbs", "where-it-ends")
TOLD = {  # the scenes of a page
    "two-coins": SCENES,
    "three-coins": SCENES,
    "old-faithful": SCENES,
    "linkage": ("not-known", *SCENES[2:]),
    "earthquakes": ("not-known", *SCENES[2:]),
    "fit": ("not-known", *SCENES[2:]),
}

# Tables and formulas that are cut where there is room, a picture before the first words of its scene, texts under 11 px, texts
# that lie outside their picture or the window, texts of one picture that lie on each other or under a line,
# and blocks of a scene that lie on each other.
FAULTS = """() => {
  const found = [];
  const story = document.getElementById("story");
  const walker = document.createTreeWalker(story, NodeFilter.SHOW_TEXT);
  const inPictures = new Map();
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement, text = node.data.replace(/[\\s\\u200b]+/g, " ").trim();
    if (!text || !element.checkVisibility()) continue;
    const picture = element.closest("svg");
    const zoom = picture ? picture.getBoundingClientRect().width / picture.viewBox.baseVal.width : 1;
    const size = parseFloat(getComputedStyle(element).fontSize) * zoom;
    if (size < 10.95) found.push(`${size.toFixed(1)} px: ${text}`);
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    const frame = picture ? picture.getBoundingClientRect() : { left: 0, right: innerWidth };
    const out = box.left < frame.left - 1.5 || box.right > frame.right + 1.5;
    if (out && !element.closest(".formula, .scroll")) found.push(`cut: ${text}`);
    const written = element.closest("text");
    if (picture && element === written && written.firstChild === node) {
      const whole = written.getBoundingClientRect();
      for (const [other, at] of inPictures.get(picture) || []) {
        const wide = Math.min(whole.right, at.right) - Math.max(whole.left, at.left);
        const high = Math.min(whole.bottom, at.bottom) - Math.max(whole.top, at.top);
        if (wide > 1.5 && high > 3) found.push(`overlap: ${other} and ${text}`);
      }
      inPictures.set(picture, [...(inPictures.get(picture) || []), [text, whole]]);
    }
  }
  for (const place of ["scene-text", "scene-picture"]) {
    let bottom = -Infinity;
    for (const block of document.getElementById(place).children) {
      const box = block.getBoundingClientRect();
      if (box.top < bottom - 1.5) found.push(`overlap in ${place}: ${block.textContent.slice(0, 40)}`);
      bottom = box.bottom;
    }
  }
  if (innerWidth >= 768) for (const box of story.querySelectorAll(".more")) found.push(`cut: ${box.textContent.slice(0, 40)}`);
  const [words, picture] = ["text", "picture"].map((id) => document.getElementById(`scene-${id}`).firstElementChild);
  const first = words.getBoundingClientRect().top > picture.getBoundingClientRect().top ? picture : words;
  if (innerWidth <= 1100 && first !== words) found.push("words after the picture");
  const struck = (label, line) => {
    const box = label.getBoundingClientRect(), matrix = line.getScreenCTM();
    return Array.from({ length: 300 }, (_, n) => line.getPointAtLength((n * line.getTotalLength()) / 299))
      .map((point) => point.matrixTransform(matrix))
      .some(({ x, y }) => x > box.left + 1 && x < box.right - 1 && y > box.top + 3 && y < box.bottom - 3);
  };
  for (const label of story.querySelectorAll(".gap text, .line-value")) {
    for (const line of label.closest("svg").querySelectorAll(".likelihood, .lower-bound, .stem"))
      if (!label.parentNode.contains(line) && struck(label, line)) found.push(`struck: ${label.textContent}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) found.push(`wide: ${document.documentElement.scrollWidth}`);
  return found;
}"""


def here(tab) -> str:
    return tab.evaluate("location.hash.slice(1)")


def shown(tab) -> str:
    return " ".join(tab.locator("#story .stage").inner_text().split())


def swipe(tab, right: int) -> None:
    session = tab.context.new_cdp_session(tab)
    y, x = 420, 180
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + right / 2, "y": y}]),
        ("touchMove", [{"x": x + right, "y": y}]),
        ("touchEnd", []),
    ):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("name", TOLD)
def test_every_scene_stands_well_in_every_width(name, width, browse, pages):
    watched = browse(width=width, has_touch=True)
    tab = watched.open(pages[name], at="")
    faults = {}
    for n, scene in enumerate(TOLD[name]):
        assert tab.locator("#rail [aria-current]").get_attribute("data-value") == scene
        assert n == 0 or here(tab) == scene
        for scheme in ("light", "dark"):
            tab.emulate_media(color_scheme=scheme)
            if found := tab.evaluate(FAULTS):
                faults[scene, scheme] = found
        tab.keyboard.press("ArrowRight")
    assert faults == {}
    assert here(tab) == TOLD[name][-1]
    tab.keyboard.press("Home")
    tab.keyboard.press("Space")
    assert here(tab) == TOLD[name][1]
    tab.keyboard.press("ArrowLeft")
    assert here(tab) == "not-known"
    assert watched.spotless()


def test_a_finger_turns_the_page_and_scrolls_a_formula(browse, pages):
    watched = browse(width=360, height=780, has_touch=True, is_mobile=True)
    tab = watched.open(pages["three-coins"], at="")
    for scene in SCENES[1:]:
        swipe(tab, -150)
        tab.wait_for_function(f"location.hash === '#{scene}'", timeout=2000)
    swipe(tab, 150)
    tab.wait_for_function("location.hash === '#why-it-climbs'", timeout=2000)
    assert watched.spotless()


def test_the_last_scene_leads_to_the_next_page(browse, tmp_path):
    beside = [("index.html", "All pages"), ("three-coins.html", "Next: Three coins")]
    (tmp_path / "here.html").write_text(lesson_page(two_coins(), beside=beside), encoding="utf-8")
    watched = browse(width=360)
    tab = watched.open(tmp_path / "here.html", at="where-it-ends")
    links = tab.locator("#scene-text .onward a")
    assert links.all_inner_texts() == ["Next: Three coins", "All pages"]
    assert [link.get_attribute("href") for link in links.all()] == ["three-coins.html", "index.html"]
    assert tab.evaluate(FAULTS) == []
    assert watched.spotless()


def test_two_coins_answer_the_question_in_order(browse, pages):
    """Start, row 2's share with its numbers, the missing tosses, the chain in CS229 letters, the bound: no fold is opened."""
    watched = browse(width=1440)
    tab = watched.open(pages["two-coins"], at="")
    assert "θA = 0.6" in shown(tab).replace(" A", "A")
    assert {"0.6", "0.5"} <= {box.inner_text() for box in tab.locator("#scene-text [data-number^=start]").all()}
    seen = []
    for scene in SCENES:
        assert tab.locator("#rail [aria-current]").get_attribute("data-value") == scene
        assert tab.locator("#story details").count() == 0
        seen.append(re.sub(r"\s", "", unicodedata.normalize("NFKC", tab.locator("#story .stage").inner_text())))
        tab.keyboard.press("ArrowRight")
    text = "|".join(seen)
    step = explain(two_coins()).step
    row, (heads, tails) = step.rows[1], (tally.values[0] for tally in step.rows[1].tallies if tally.what != "n")
    first, raised, _ = (entry.account for entry in step.ledger)
    answers = [
        "θA=0.6θB=0.5",  # theta_0
        "row2HHHHTHHHHH,componentA",
        "0.002016",
        four_decimals(row.responsibilities[0]),
        f"{count(heads)}heads+{count(tails)}tailsarenot10tossesbut{count(heads + tails)}:theother1.95wenttoB",
        "argmaxθ∑i∑zQi(z)log",
        "logp(x(i),z;θ)",
        "logp(z;θ)+logp(x(i)∣z;θ)".replace("∣", "|"),
        "=21.30",
        "21.30logθA+8.57log(1−θA)+11.70logθB+8.43log(1−θB)",
        "θA−8.57",
        "Qi(z=A)heads",
        "0.7130",
        "0.5813",
        "belowitsmaximum",  # the axis
        f"−{four_decimals(-first.bound)}",
        four_decimals(raised.bound - first.bound),
        four_decimals(raised.gap),
        f"−{four_decimals(-raised.log_likelihood)}",
        "EMcannotfall",
    ]
    at = 0
    for answer in answers:
        found = text.find(answer, at)
        assert found >= 0, (answer, text[at : at + 1500])
        at = found + len(answer)
    assert watched.spotless()


@pytest.mark.parametrize("name", ["two-coins", "three-coins", "old-faithful"])
def test_scenes_show_the_numbers_of_python(name, browse, pages):
    lesson = LESSONS[name]()
    step = explain(lesson).step
    tab = browse(width=1440).open(pages[name], at="m-step")
    links = {link["name"]: link["lines"] for link in explain(lesson, notation=lesson.notation).to_dict()["bridge"]}
    assert [place.get_attribute("data-link") for place in tab.locator("#scene-text [data-link]").all()] == list(links)
    last = tab.locator("#scene-text [data-link]").last
    for line, formula in zip(list(links.values())[-1], last.locator(".formula").all(), strict=True):
        value = line.rpartition(" = ")[2]
        if re.fullmatch(r"[\d.]+", value):
            assert formula.inner_text().split("=")[-1].strip() == value
    tab.keyboard.press("ArrowRight")
    numbers = {box.get_attribute("data-number"): box.inner_text() for box in tab.locator("#scene-text dd[data-number]").all()}
    raised = step.ledger[1].account
    assert float(numbers["log-likelihood"].replace("−", "-")) == pytest.approx(raised.log_likelihood, abs=2e-3)
    assert float(numbers["gap"].replace("−", "-")) == pytest.approx(raised.gap, abs=2e-3)
    assert four_decimals(-raised.bound) in shown(tab)
    tab.keyboard.press("ArrowRight")
    ends = [box.inner_text() for box in tab.locator("#scene-text .theta output").all()]
    assert float(ends[0]) == pytest.approx(
        lesson.fit().params.components.probabilities[0, 0] if name == "two-coins" else float(ends[0]), abs=1e-3
    )


def test_known_labels_lead_to_counting(browse, pages):
    watched = browse()
    tab = watched.open(pages["two-coins"], at="not-known")
    tab.locator("#story [data-act=know-all]").click()
    counted = [box.inner_text() for box in tab.locator("#scene-text .counted output").all()]
    assert counted == [significant(24 / 30), significant(9 / 20)]
    tab.locator("#scene-picture [data-act=know]").first.click()
    assert tab.locator("#scene-text .counted output").first.inner_text() == significant(24 / 30)
    tab.locator("#story [data-act=know-none]").click()
    assert tab.locator("#scene-text .counted").count() == 0
    three = watched.open(pages["three-coins"], at="not-known")
    assert three.locator("#scene-picture [data-act=know]").count() == 10
    three.locator("#scene-picture [data-act=know]").nth(0).click()
    assert three.locator("#scene-text .counted output").inner_text() == "1"
    assert watched.spotless()


def test_answers_are_marked_to_their_own_digits(browse, pages):
    watched = browse()
    tab = watched.open(pages["two-coins"], at="where-it-ends")
    step = explain(two_coins()).step
    first, raised, _ = (entry.account.bound for entry in step.ledger)
    right = (step.rows[3].responsibilities[0], step.rows[2].tallies[1].values[1], raised - first)
    assert "two decimals" in tab.locator("#scene-text .questions").locator("xpath=preceding-sibling::*[1]").inner_text()
    fields, verdicts = tab.locator("#scene-text [data-act=answer]"), tab.locator("#scene-text .questions .verdict")
    for n, value in enumerate(right):
        for text, verdict in (
            (f"{value:.2f}", "right"),
            (f"{value + 0.02:.2f}", "wrong"),
            (f"{value:.4f}", "right"),
            (f"{100 * value:.0f} %", "right"),
            (f"{100 * value:.1f}%".replace(".", ","), "right"),
            (f"{100 * value + 2:.0f}%", "wrong"),
            (f"{value:.0f}", "wrong"),
            ("%", "wrong"),
            ("", "wrong"),
        ):
            fields.nth(n).fill(text)
            tab.keyboard.press("Enter")
            tab.keyboard.press("Tab")
            assert verdict in verdicts.nth(n).get_attribute("class"), (n, text)
    verdicts.first.locator("button").click()
    assert here(tab) == "e-step"
    assert watched.spotless()


def test_a_moved_start_is_that_of_the_workbench_which_keeps_its_place(browse, pages):
    watched = browse()
    tab = watched.open(pages["two-coins"], at="guess")
    mark = tab.locator("#scene-picture [data-drag]").first
    mark.focus()
    tab.keyboard.press("ArrowRight")
    assert here(tab) == "guess"
    assert tab.locator("#scene-text .theta output").first.inner_text() == "0.61"
    assert tab.evaluate("document.activeElement.dataset.drag") == "entry:2"
    tab.locator("#story [data-value=workbench]").click()
    assert here(tab) == "workbench"
    assert tab.locator("#imagined").is_visible()
    assert tab.locator("#whatif .start-fields input").first.input_value() == "0.61"
    tab.keyboard.press("e")
    tab.locator("#bench [data-act=scene]").click()
    assert tab.locator("#story").is_visible()
    tab.go_back()
    assert "after E-step 1" in tab.locator("#position").inner_text()
    tab.goto(tab.url.partition("#")[0] + "#why-it-climbs")
    slider = tab.locator("#story [data-act=slide]")
    slider.focus()
    tab.keyboard.press("ArrowLeft")
    assert here(tab) == "why-it-climbs"
    assert tab.locator("#scene-text dd").first.inner_text() == "0.92"
    assert watched.spotless()


def test_tosses_are_turned_over_by_keys_and_by_a_finger(browse, pages):
    """What follows is what Python makes of the changed rows."""
    watched = browse(width=360, has_touch=True)
    tab = watched.open(pages["two-coins"], at="guess")
    rows = tab.locator("#scene-picture [data-heads]")
    rows.nth(1).focus()
    tab.keyboard.press("ArrowLeft")
    assert rows.nth(1).get_attribute("aria-valuetext") == "8 heads, 2 tails"
    assert (here(tab), tab.evaluate("document.activeElement.dataset.heads")) == ("guess", "1")
    rows.nth(0).locator(".tails").first.tap()
    assert rows.nth(0).get_attribute("aria-valuetext") == "6 heads, 4 tails"
    changed = ArraySource(np.array([[6.0], [8.0], [8.0], [4.0], [7.0]]), columns=["heads"])
    step = explain(replace(two_coins(), source=changed, row_names=())).step
    for scene in SCENES[2:5]:
        tab.keyboard.press("PageDown")  # arrows turn tosses over
        assert here(tab) == scene
        if scene == "m-step":
            found = tab.locator("#scene-text [data-link]").last.inner_text()
            assert all(significant(update.value) in found for update in step.updates)
    assert four_decimals(-step.ledger[1].account.bound) in shown(tab)
    tab.locator("#moved [data-act=reset]").click()
    assert four_decimals(-explain(two_coins()).step.ledger[1].account.bound) in shown(tab)
    assert watched.spotless()


def test_a_point_can_be_moved_and_the_ridge_is_walked(browse, pages):
    watched = browse(width=360)
    tab = watched.open(pages["old-faithful"], at="e-step")
    point = tab.locator("#scene-picture [data-drag]")
    point.focus()
    for key in ("Shift+ArrowUp", "Shift+ArrowLeft", "ArrowRight"):
        tab.keyboard.press(key)
    at = np.array([[float(value) for value in point.get_attribute("aria-valuetext").split(", ")]])
    lesson = old_faithful()
    assert np.abs(at - lesson.source.x[2]).min() > 0.1
    shares = np.exp(lesson.model.log_joint(lesson.start, at)[0])
    assert float(tab.locator("#scene-text .worked output").inner_text()) == pytest.approx(shares[0] / shares.sum(), abs=2e-3)
    tab = watched.open(pages["three-coins"], at="where-it-ends")
    start = tab.locator("#scene-picture [data-drag]")
    start.focus()
    ends = set()
    for key in ("ArrowUp", "Shift+ArrowRight"):
        tab.keyboard.press(key)
        pi, alpha, beta = (float(box.inner_text()) for box in tab.locator("#scene-text .theta output").all())
        assert pi * alpha + (1 - pi) * beta == pytest.approx(0.6, abs=2e-3)
        ends.add((pi, alpha, beta))
    assert len(ends) == 2
    assert (here(tab), tab.evaluate("document.activeElement.dataset.drag")) == ("where-it-ends", "ridge:0")
    assert watched.spotless()


@pytest.mark.parametrize("name", ["two-coins", "three-coins", "old-faithful"])
def test_no_serious_finding_of_axe_in_a_scene(name, browse, pages):
    from axe_playwright_python.sync_playwright import Axe

    tab = browse(color_scheme="dark").open(pages[name], at="")
    axe, serious = Axe(), []
    for scene in TOLD[name]:
        found = axe.run(tab, "#story").response["violations"]
        serious += [
            f"{scene} {v['id']}: {[n['html'][:160] for n in v['nodes'][:3]]}"
            for v in found
            if v["impact"] in ("serious", "critical")
        ]
        tab.keyboard.press("ArrowRight")
    assert serious == []


@pytest.mark.parametrize("name", ["linkage", "umbrella"])
def test_bridges_of_cells_and_chains_end_with_the_numbers_of_python_in_every_notation(name, browse, pages):
    watched = browse(width=1440)
    tab = watched.open(pages[name], at="m-step")
    for notation in NOTATIONS:
        tab.select_option("#story [data-act=notation]", notation)
        links = explain(LESSONS[name](), notation=notation).to_dict()["bridge"]
        assert [place.get_attribute("data-link") for place in tab.locator("#scene-text [data-link]").all()] == [
            link["name"] for link in links
        ]
        lines = [line for link in links for line in link["lines"]]
        shown_lines = tab.locator("#scene-text [data-link] .formula").all_inner_texts()
        for line, formula in zip(lines, shown_lines, strict=True):
            value = line.rpartition(" = ")[2]
            if re.fullmatch(r"[\d.]+", value):
                assert formula.split("=")[-1].strip() == value
    assert watched.spotless()


def last_numbers(tab) -> str:
    """The last link of the bridge, from the guess two scenes before."""
    for scene in SCENES[2:4]:
        tab.locator(f"#rail [data-value={scene}]").click()
    return tab.locator("#scene-text [data-link]").last.inner_text()


def test_rows_are_added_and_taken_away_by_keys_and_by_a_finger(browse, pages):
    """What follows is what Python makes of the rows that are there then."""
    watched = browse(width=360, has_touch=True)
    tab = watched.open(pages["two-coins"], at="guess")
    tab.locator("#scene-picture [data-row-act=add]").focus()
    tab.keyboard.press("Enter")
    tab.locator("#scene-picture [data-heads='5']").focus()
    tab.keyboard.press("ArrowLeft")
    tab.locator("#scene-picture [data-row-act=away]").nth(1).tap()
    assert [place.get_attribute("aria-valuenow") for place in tab.locator("[data-heads]").all()] == ["5", "8", "4", "7", "6"]
    assert tab.locator("#scene-picture .bar-name").last.inner_text().startswith("row 6")
    heads = ArraySource(np.array([[5.0], [8.0], [4.0], [7.0], [6.0]]), columns=["heads"])
    step = explain(replace(two_coins(), source=heads, row_names=())).step
    found = last_numbers(tab)
    assert all(significant(update.value) in found for update in step.updates)
    assert watched.spotless()


def test_what_is_said_of_the_rows_of_a_lesson_is_said_of_no_others(browse, pages, tmp_path, monkeypatch):
    """Neither its sentences nor its height stand beside other rows, which the copied Python has; and they come back."""
    tab = browse(permissions=["clipboard-read", "clipboard-write"]).open(pages["two-coins"], at="guess")

    def told() -> list[bool]:
        tab.locator("#rail [data-value=not-known]").click()
        really = tab.locator("[data-act=know-all]").count() == 1
        tab.evaluate("goTo => { location.hash = goTo; }", "workbench")
        found = [really, tab.locator("#notice").is_visible(), "original" in tab.locator("#whatif .verdict").inner_text()]
        tab.evaluate("goTo => { location.hash = goTo; }", "guess")
        return found

    def press(key: str) -> None:
        tab.locator("#scene-picture [data-heads='1']").focus()
        tab.keyboard.press(key)

    assert told() == [True, True, True]
    press("ArrowLeft")
    assert told() == [False, False, False]
    tab.evaluate("goTo => { location.hash = goTo; }", "workbench")
    tab.locator("#words button[data-value=Python]").click()
    expect(tab.locator("#words .said")).to_have_text("copied as Python")
    made: dict[str, object] = {}
    monkeypatch.chdir(tmp_path)
    exec(tab.evaluate("navigator.clipboard.readText()"), made)  # noqa: S102
    heads = ArraySource(np.array([[5.0], [8.0], [8.0], [4.0], [7.0]]), columns=["heads"])
    assert explain(made["lesson"]).step.after == explain(replace(two_coins(), source=heads, row_names=())).step.after
    tab.locator("#whatif [data-act=value]").first.fill("1.5")
    tab.locator("#whatif [data-act=value]").first.press("Enter")
    assert "cannot be 1.5" in tab.locator("#whatif .verdict").inner_text()
    tab.evaluate("goTo => { location.hash = goTo; }", "guess")
    press("ArrowRight")
    assert told() == [True, True, True]


def test_reports_that_stand_once_are_turned_over_and_counted(browse, pages):
    watched = browse(width=768)
    tab = watched.open(pages["three-coins"], at="not-known")
    reports = tab.locator("#scene-picture .report")
    as_they_were = reports.all_inner_texts()
    tab.keyboard.press("PageDown")
    tab.locator("#scene-picture [data-row-act=less]").nth(1).click()
    tab.locator("#scene-picture [data-row-act=more]").nth(1).click()
    tab.locator("#rail [data-value=not-known]").click()
    assert reports.all_inner_texts() == as_they_were
    reports.nth(2).click()
    assert reports.all_inner_texts() == list("1111001011")
    tab.keyboard.press("PageDown")
    tab.locator("#scene-picture [data-row-act=more]").nth(1).click()
    tab.locator("#scene-picture [data-row-act=less]").nth(0).click()
    tab.locator("#rail [data-value=not-known]").click()
    assert sorted(reports.all_inner_texts()) == list("0000111111")
    tab.locator("#scene-picture [data-row-act=turn]").nth(0).click()
    reported = ArraySource(np.array([[1.0]] * 5 + [[0.0]] * 5), columns=["x"])
    step = explain(replace(LESSONS["three-coins"](), source=reported)).step
    found = last_numbers(tab)
    assert all(significant(step.after[name]) in found for name in ("alpha", "beta"))
    tab.locator("#rail [data-value=where-it-ends]").click()
    assert "= 0.5" in tab.locator("#scene-picture .curve-name").text_content()
    assert watched.spotless()


def test_a_point_is_added_where_there_is_none(browse, pages):
    watched = browse(width=1440)
    tab = watched.open(pages["old-faithful"], at="e-step")
    points = tab.locator("#scene-picture .point")
    plane = tab.locator("#scene-picture .plane").bounding_box()
    tab.mouse.dblclick(plane["x"] + plane["width"] / 2, plane["y"] + plane["height"] / 2)
    assert points.count() == 273
    handle = tab.locator("#scene-picture [data-drag^='point:20:']")
    at = np.array([[float(value) for value in handle.get_attribute("aria-valuetext").split(", ")]])
    lesson = old_faithful()
    shares = np.exp(lesson.model.log_joint(lesson.start, at)[0])
    assert float(tab.locator("#scene-text .worked output").inner_text()) == pytest.approx(shares[0] / shares.sum(), abs=2e-3)
    tab.locator("#scene-picture [data-row-act=away]").click()
    assert points.count() == 272
    assert watched.spotless()
