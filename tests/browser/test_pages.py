"""The pages in a real browser: what they show is what Python computed, to every digit that is printed."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from emkit.explain import explain
from emkit.formulas.numerals import count, four_decimals, significant
from emkit.lessons import LESSONS, three_coins, two_coins
from emkit.models import Hard
from emkit.page.index import Entry, index_page
from emkit.page.thumbnail import thumbnail

pytestmark = pytest.mark.slow

NAMES = (
    *("two-coins", "three-coins", "old-faithful", "linkage", "umbrella", "earthquakes"),
    *("fit", "counts", "levels", "waits"),
)


def texts(tab, selector: str) -> list[str]:
    return [text.strip() for text in tab.locator(selector).all_inner_texts()]


def responsibilities_shown(tab) -> list[str]:
    return texts(tab, "#estep td.responsibility button")


def updates_shown(tab) -> dict[str, str]:
    return {box.get_attribute("data-number"): box.inner_text() for box in tab.locator("#mstep output[data-number]").all()}


def drag(tab, handle, right: float, down: float) -> None:
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + right, y + down, steps=5)
    tab.mouse.up()


def newest_line(tab) -> list[str]:
    return texts(tab, "#ledger tbody tr:first-child > *")


def ledger_line(name: str, account) -> list[str]:
    return [name, *map(four_decimals, (account.log_likelihood, account.expected, account.entropy, account.bound))]


@pytest.mark.parametrize("name", ["two-coins", "three-coins"])
def test_every_step_shows_the_numbers_of_python(name, browse, pages):
    watched = browse()
    tab = watched.open(pages[name])
    lesson = LESSONS[name]()
    steps = json.loads(tab.locator("#trace").text_content())["steps"]
    assert responsibilities_shown(tab) == ["·"] * len(steps[0]["responsibilities"]) * 2
    for number in range(1, len(steps) + 1):
        step = explain(lesson, number).step
        tab.keyboard.press("e")
        assert responsibilities_shown(tab) == [four_decimals(value) for row in step.rows for value in row.responsibilities]
        assert newest_line(tab)[:5] == ledger_line(f"E-step {number}", step.ledger[0].account)
        counts = texts(tab, "#mstep tfoot td")
        assert counts == [count(t.values[k]) for k in (0, 1) for t in step.tallies if t.what != "n"]
        assert set(updates_shown(tab).values()) == {"?"}
        tab.keyboard.press("m")
        assert updates_shown(tab) == {update.symbol: significant(update.value) for update in step.updates}
        newest = newest_line(tab)
        assert ledger_line(f"M-step {number}", step.ledger[1].account) == newest[:5] or number == len(steps)
    assert tab.locator("#end").is_disabled()
    assert watched.spotless()


def test_play_runs_to_the_end(browse, pages):
    watched = browse()
    tab = watched.open(pages["two-coins"])
    tab.select_option("#speed", "3")
    tab.keyboard.press("Escape")
    tab.locator("#play").click()
    assert tab.locator("#play").inner_text() == "pause"
    expect(tab.locator("#end")).to_be_disabled(timeout=20_000)
    assert tab.locator("#play").inner_text() == "play"
    assert "EM stands still" in tab.locator("#position").inner_text()
    assert updates_shown(tab) == {"theta_A": "0.7968", "theta_B": "0.5196"}
    assert watched.spotless()


def test_the_keyboard_alone_is_enough(browse, pages):
    watched = browse()
    tab = watched.open(pages["two-coins"])
    where = tab.locator("#position")
    for key, expected in (
        ("ArrowRight", "after E-step 1"),
        ("ArrowRight", "after M-step 1"),
        ("ArrowLeft", "after E-step 1"),
        ("e", "after E-step 2"),
        ("m", "after M-step 2"),
        ("End", "the last step"),
        ("Home", "start"),
    ):
        tab.keyboard.press(key)
        assert expected in where.inner_text() or (key == "End" and "EM stands still" in where.inner_text())
    tab.keyboard.press("Space")
    assert tab.locator("#play").inner_text() == "pause"
    tab.keyboard.press("Space")
    tab.keyboard.press("e")
    tab.locator("#estep td.responsibility button").nth(2).focus()
    assert "row 2" in tab.locator("#estep .worked-title").inner_text()
    reached = set()
    for _ in range(60):
        tab.keyboard.press("Tab")
        reached.add(
            tab.evaluate(
                "document.activeElement.id || document.activeElement.dataset.act || document.activeElement.dataset.drag"
            )
        )
    assert {"cell", "theta", "hard", "components", "another", "value", "label", "copy"} <= reached
    assert watched.spotless()


def test_a_cell_shows_its_formula_with_the_numbers_filled_in(browse, pages):
    tab = browse().open(pages["two-coins"])
    tab.keyboard.press("e")
    tab.locator("#estep td.responsibility button").nth(0).hover()
    worked = "".join(tab.locator("#estep .worked").inner_text().split())
    assert "row1HTTTHHTHTH,componentA" in worked
    assert tab.locator("#estep .worked mfrac").count() == 3
    row = explain(two_coins()).step.rows[0]
    assert tab.locator("#estep .worked output").inner_text() == four_decimals(row.responsibilities[0]) == "0.4491"
    assert all(part in worked for part in ("0.0003981", "0.0004883")), worked


def test_notations_change_the_words_and_not_the_numbers(browse, pages):
    watched = browse()
    tab = watched.open(pages["three-coins"])
    tab.keyboard.press("e")
    before, heads = responsibilities_shown(tab), {}
    for notation in ("coin", "cs229", "slides"):
        tab.select_option("#notation", notation)
        heads[notation] = "".join(tab.locator("#estep thead").text_content().split())
        assert responsibilities_shown(tab) == before
    assert "Q" in heads["cs229"]
    assert "μ" in heads["slides"]
    assert len(set(heads.values())) == 3
    assert watched.spotless()


def test_dragging_theta0_starts_elsewhere_and_agrees_with_python(browse, pages):
    watched = browse()
    tab = watched.open(pages["two-coins"])
    ring = tab.locator("#path [data-drag]")
    drag(tab, ring, -60, -40)
    assert tab.locator("#imagined").is_visible()
    start = [float(field.input_value()) for field in tab.locator("#whatif .start-fields input").all()]
    assert start != [0.6, 0.5]
    exact = [float(v) for v in ring.get_attribute("aria-valuetext").replace(",", "").split()[1::2]]
    assert exact == start
    for n, value in enumerate((0.7, 0.4)):
        tab.locator("#whatif .start-fields input").nth(n).fill(str(value))
        tab.keyboard.press("Enter")
        tab.keyboard.press("Tab")
    tab.locator("h1").click()
    tab.keyboard.press("e")
    lesson = two_coins()
    from dataclasses import replace

    from emkit import MixtureParams, SuccessParams

    step = explain(replace(lesson, start=MixtureParams([0.5, 0.5], SuccessParams([[0.7], [0.4]])))).step
    assert responsibilities_shown(tab) == [four_decimals(value) for row in step.rows for value in row.responsibilities]
    tab.keyboard.press("m")
    assert updates_shown(tab) == {update.symbol: significant(update.value) for update in step.updates}
    tab.locator("#whatif [data-act=reset]").click()
    assert not tab.locator("#imagined").is_visible()
    assert watched.spotless()


def test_the_ring_moves_with_the_arrow_keys(browse, pages):
    tab = browse().open(pages["two-coins"])
    ring = tab.locator("#path [data-drag]")
    ring.focus()
    before = ring.get_attribute("aria-valuetext")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Shift+ArrowUp")
    after = ring.get_attribute("aria-valuetext")
    assert before != after
    assert tab.evaluate("document.activeElement.dataset.drag") == "theta"


def test_hard_assignment_labels_and_other_numbers_of_components(browse, pages):
    watched = browse()
    tab = watched.open(pages["two-coins"])
    tab.locator("input[value=hard]").check()
    tab.keyboard.press("End")
    assert tab.locator("#mstep .lead").inner_text() == "estimate as usual, from the counts that q gives"
    lesson = two_coins().assigned(Hard())
    step = explain(lesson, 1).step
    assert (
        updates_shown(tab)
        == {u.symbol: significant(u.value) for u in step.updates}
        == {"theta_A": "0.8000", "theta_B": "0.4500"}
    )
    tab.locator("input[value=soft]").check()
    for i, label in enumerate(("1", "0", "0", "1", "0")):
        tab.locator("#whatif .labels select").nth(i).select_option(label)
    tab.locator("h1").click()
    tab.keyboard.press("End")
    assert updates_shown(tab) == {"theta_A": "0.8000", "theta_B": "0.4500"}
    tab.select_option("#components", "3")
    tab.keyboard.press("e")
    assert len(responsibilities_shown(tab)) == 15
    assert {*texts(tab, "#data .legend span")} == {"A", "B", "C"}
    assert watched.spotless()


def test_means_of_normal_components_can_be_dragged(browse, pages):
    watched = browse()
    tab = watched.open(pages["old-faithful"])
    drag(tab, tab.locator("#data [data-drag]").first, 50, -30)
    assert "What if" in tab.locator("#whatif .verdict").inner_text()
    tab.keyboard.press("End")
    tab.locator("h1").click()
    tab.keyboard.press("End")
    assert tab.locator("#ledger tbody tr").first.inner_text().split()[2] == "-1130.2640"
    assert watched.spotless()


def test_three_coins_show_the_ridge_and_the_slip(browse, pages):
    tab = browse().open(pages["three-coins"])
    assert tab.locator("#ridge").is_visible()
    assert "the second does not move" in tab.locator("#ridge").inner_text()
    printed = tab.locator("#printed").inner_text()
    assert "0.82" in printed
    assert "0.8710" in printed
    assert "27/31" in printed
    assert "0.6 (pi) taken for 0.4 (1 - pi)" in printed
    tab.keyboard.press("End")
    assert "E-step 3" in newest_line(tab)[0]
    assert explain(three_coins(), 2).step.after == pytest.approx(explain(three_coins(), 1).step.after)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_finding_of_axe(name, scheme, browse, pages):
    from axe_playwright_python.sync_playwright import Axe

    watched = browse(color_scheme=scheme)
    tab = watched.open(pages[name])
    tab.keyboard.press("e")
    tab.keyboard.press("m")
    tab.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    found = Axe().run(tab).response["violations"]
    serious = [
        f"{v['id']}: {[n['html'][:160] for n in v['nodes'][:3]]}" for v in found if v["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_is_wider_than_the_window(name, width, browse, pages):
    watched = browse(width=width)
    tab = watched.open(pages[name])
    for key in ("e", "m", "End"):
        tab.keyboard.press(key)
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert watched.spotless()


def test_a_fit_of_somebodys_data_holds_none_of_its_rows(browse, pages):
    tab = browse().open(pages["fit"])
    trace = json.loads(tab.locator("#trace").text_content())
    assert (trace["rows"], trace["browser_em"], trace["marks"]["kind"]) == (None, None, "grids")
    tab.keyboard.press("e")
    counted = sum(float(cell) for cell in texts(tab, "#estep tbody td"))
    assert counted == 272
    assert "no row is in this page" in tab.locator("#data").inner_text()


def test_words_and_copies(browse, pages):
    watched = browse(permissions=["clipboard-read", "clipboard-write"])
    tab = watched.open(pages["two-coins"])
    tab.keyboard.press("e")
    tab.keyboard.press("m")
    copies = {}
    for kind in ("LaTeX", "CSV", "Python", "text"):
        tab.locator(f"#words button[data-value={kind}]").click()
        expect(tab.locator("#words .said")).to_have_text(f"copied as {kind}")
        copies[kind] = tab.evaluate("navigator.clipboard.readText()")
    assert r"\frac{21.30}{21.30 + 8.57}" in copies["LaTeX"]
    assert copies["CSV"].splitlines()[0] == "step,proportion_A,proportion_B,theta_A,theta_B,log_likelihood,bound,gap"
    assert float(copies["CSV"].splitlines()[2].split(",")[3]) == explain(two_coins()).step.after["theta_A"]
    assert "lesson_named" in copies["Python"]
    assert "0.8050 to A" in copies["text"]
    for panel in ("data", "estep", "mstep", "path", "bound", "ledger", "whatif"):
        assert tab.locator(f"#words details[data-words={panel}] pre").text_content().strip()


def test_a_page_prints_and_does_without_motion(browse, pages):
    watched = browse(reduced_motion="reduce")
    tab = watched.open(pages["two-coins"])
    tab.keyboard.press("e")
    assert tab.evaluate("getComputedStyle(document.querySelector('#data .split rect')).transitionDuration") in ("0s", "")
    tab.emulate_media(media="print")
    assert not tab.locator(".controls").is_visible()
    assert tab.locator("#data").is_visible()


def test_titles_in_a_row_of_the_index_are_level(browse, tmp_path):
    picture = thumbnail(two_coins().source)
    entries = [
        Entry("a.html", "A", "about", picture),
        Entry("b.html", "B", "at length " * 9, picture),
        Entry("c.html", "C", "bare"),
    ]
    (tmp_path / "index.html").write_text(index_page(entries), encoding="utf-8")
    watched = browse(width=1440)
    tab = watched.open(tmp_path / "index.html", at="")
    assert len({link.bounding_box()["y"] for link in tab.locator(".cards a").all()}) == 1
    assert watched.spotless()
