"""The pages of chains in a real browser: tables, picture and arithmetic of every step are those of Python."""

from __future__ import annotations

import pytest

from emkit.explain import explain
from emkit.formulas.numerals import count, four_decimals, significant
from emkit.lessons import LESSONS

pytestmark = pytest.mark.slow


def texts(tab, selector: str) -> list[str]:
    return [text.strip() for text in tab.locator(selector).all_inner_texts()]


def shares_shown(tab) -> list[str]:
    return texts(tab, "#estep td.responsibility button")


@pytest.mark.parametrize("name", ["umbrella", "earthquakes"])
def test_every_step_shows_the_numbers_of_python(name, browse, pages):
    watched = browse()
    tab = watched.open(pages[name])
    lesson = LESSONS[name]()
    assert set(shares_shown(tab)) == {"·"}
    for number in (1, 2, 3):
        step = explain(lesson, number).step
        tab.keyboard.press("e")
        assert shares_shown(tab) == [four_decimals(share) for row in step.e_step.shares for share in row]
        first = texts(tab, "#estep tbody tr:first-child td")
        scale = len(first) - 1 - 3 * step.e_step.states
        assert first[scale] == significant(step.e_step.scale[0])
        assert first[scale + 1 : scale + 3] == [four_decimals(value) for value in step.e_step.forward[0]]
        ledger = [step.ledger[0].account.log_likelihood, step.ledger[0].account.expected, step.ledger[0].account.entropy]
        assert texts(tab, "#ledger tbody tr:first-child > *")[1:4] == [four_decimals(value) for value in ledger]
        tab.keyboard.press("m")
        found = {box.get_attribute("data-number"): box.inner_text() for box in tab.locator("#mstep output[data-number]").all()}
        assert found == {update.symbol: significant(update.value) for update in step.updates}
        counts = [count(tally.values[k]) for tally in step.tallies if tally.is_count for k in (0, 1)]
        assert texts(tab, "#mstep tbody td")[: len(counts)] == counts
    assert watched.spotless()


def test_another_sequence_and_row_are_worked_out(browse, pages):
    watched = browse()
    tab = watched.open(pages["umbrella"])
    tab.keyboard.press("e")
    assert "row 1.2" in tab.locator("#estep .worked-title").inner_text()
    tab.locator("#estep select[data-act=sequence]").select_option("1")
    found = explain(LESSONS["umbrella"](), sequence=2).step.e_step
    assert shares_shown(tab) == [four_decimals(share) for row in found.shares for share in row]
    assert tab.locator("#data select[data-act=sequence]").input_value() == "1"
    tab.locator("#estep td.responsibility button").nth(5).click()  # row 3, dry
    assert tab.locator("#estep .worked-title").inner_text() == "row 2.3, state dry"
    shown = {box.get_attribute("data-number"): box.inner_text() for box in tab.locator("#estep .worked output").all()}
    assert shown == {
        "c": significant(found.scale[2]),
        "alpha-1": four_decimals(found.forward[2, 1]),
        "beta-1": four_decimals(found.backward[2, 1]),
        "gamma-1": four_decimals(found.shares[2, 1]),
        "xi-1-0": four_decimals(found.pairs[2, 1, 0]),
        "xi-1-1": four_decimals(found.pairs[2, 1, 1]),
    }
    worked = "".join(tab.locator("#estep .worked").inner_text().split())
    assert "0.8834·0.3+0.1166·0.7" in worked
    bars = tab.locator("#data svg").nth(2).locator("g[data-row]")
    assert bars.count() == 5
    bars.nth(3).hover()
    assert "row 2.4" in tab.locator("#estep .worked-title").inner_text()
    assert watched.spotless()


def test_bars_are_as_long_as_shares(browse, pages):
    tab = browse().open(pages["earthquakes"])
    tab.keyboard.press("e")
    found = explain(LESSONS["earthquakes"]()).step.e_step
    bars = tab.locator("#data svg[aria-label^='The share'] g[data-row]")
    assert bars.count() == 107
    heights = [float(bars.nth(t).locator("rect").first.get_attribute("height")) for t in (0, 30, 60)]
    whole = 124 - 12 - 40
    assert [height / whole for height in heights] == pytest.approx([found.shares[t, 0] for t in (0, 30, 60)], abs=1e-9)


def test_letters_and_words(browse, pages):
    watched = browse(permissions=["clipboard-read", "clipboard-write"])
    tab = watched.open(pages["umbrella"])
    tab.keyboard.press("e")
    leads = set()
    for notation in ("coin", "cs229", "slides"):
        tab.select_option("#notation", notation)
        leads.add(tab.locator("#estep .lead").inner_text())
    assert len(leads) == 3
    tab.locator("#words button[data-value=LaTeX]").click()
    latex = tab.evaluate("navigator.clipboard.readText()")
    assert r"\alpha" in latex
    assert "0.8834" in latex
    tab.locator("#words button[data-value=text]").click()
    assert "rain: alpha 0.8182, beta 1.0797, gamma 0.8834" in tab.evaluate("navigator.clipboard.readText()")
    assert watched.spotless()
