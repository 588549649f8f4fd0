"""The page as a file: what is in it, what is not, and how large it is."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from emkit import fit
from emkit.data.source import ArraySource
from emkit.errors import DataError
from emkit.explain import explain
from emkit.families import Bernoulli, Categorical, FullGaussian, Gamma, Poisson
from emkit.lessons import LESSONS, old_faithful, two_coins, two_lines, umbrella
from emkit.models import Mixture
from emkit.page import lesson_page, result_page
from emkit.page.html import code, digest, embedded, policy, style
from emkit.page.step_trace import trace
from emkit.search.seeding import spread_start


class Reader(HTMLParser):
    """Tags with their attributes, and the text inside script and style elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in self.inside:
            self.inside[tag].append("")

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] in self.inside and self.cdata_elem:
            self.inside[self.tags[-1][0]][-1] += data


def fitted(family, x, K=2, columns=None):
    model, source = Mixture(family), ArraySource(x, columns=columns)
    return fit(model, source, spread_start(model, source, K, 0), max_evaluations=300)


@pytest.mark.slow
@pytest.mark.parametrize("name", LESSONS)
def test_every_lesson_has_a_page(name, tmp_path):
    path = LESSONS[name]().to_html(tmp_path / "lesson.html")
    reader = Reader(path.read_text(encoding="utf-8"))
    made = json.loads(reader.inside["script"][0])
    assert made["schema"] == "emkit-page/1"
    assert made["title"] == LESSONS[name]().title
    steps = [explain(LESSONS[name](), number).step for number in (1, 2)]
    assert made["path"][:3] == [list(steps[0].before.values()), *(list(step.after.values()) for step in steps)]
    ledger = [entry.account for step in steps for entry in step.ledger[:2]]
    assert made["accounts"]["bound"][:4] == [account.bound for account in ledger]


def test_the_pages_are_small():
    text = lesson_page(two_coins())
    script, css = Reader(text).inside["script"][1], Reader(text).inside["style"][0]
    assert len(text.encode()) <= 250_000
    assert len((script + css).encode()) <= 125_000
    everything = code("levels", "histogram", "plane", "browser_em", "columns", "normal", "imagine", "known", "line", "ridge")
    assert len((everything + style("plane", "ridge")).encode()) <= 140_000


def test_nothing_is_fetched_and_nothing_inline_but_what_the_policy_names():
    text = lesson_page(two_coins())
    reader = Reader(text)
    content = next(attrs["content"] for tag, attrs in reader.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert content == policy(reader.inside["script"][1], style())
    assert content.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in content
    assert [digest(reader.inside["style"][0]) in content, digest(reader.inside["script"][1]) in content] == [True, True]
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)
    for tag, attributes in reader.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form")
        assert not [
            name
            for name in attributes
            if name.startswith("on") or (name in ("src", "style", "srcdoc", "href") and attributes[name] != "#main")
        ]


@pytest.mark.parametrize("text", ["</script>", "<!--", "&lt;", "\u2028", "\u2029", "]]>", "\ud800"])
def test_a_trace_cannot_leave_its_element(text):
    inside = embedded({"name": text})
    assert not set(inside) & set("<>&\u2028\u2029")
    assert json.loads(inside)["name"] == text or text == "\ud800"


@pytest.mark.slow
def test_a_page_of_a_fit_holds_no_row(tmp_path):
    rng = np.random.default_rng(0)
    x = np.round(rng.normal([[0, 100]], [[1, 7]], (200, 2)) + 40 * (rng.random((200, 1)) < 0.4), 7)
    result = fitted(FullGaussian(), x, columns=["secret", "private"])
    text = result.to_html(tmp_path / "fit.html").read_text(encoding="utf-8")
    numbers = set(re.findall(r"-?\d+\.\d+", text))
    assert not numbers & {f"{value}" for value in x.ravel()}
    made = json.loads(Reader(text).inside["script"][0])
    assert (made["rows"], made["browser_em"], made["ridge"]) == (None, None, None)
    with_data = json.loads(Reader(result_page(result, include_data=True)).inside["script"][0])
    assert np.allclose(with_data["browser_em"]["x"], x)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "x", "kind", "kind_with_data"),
    [
        (Poisson(), np.random.default_rng(1).poisson([[2], [9]] * 60), "histogram", "histogram"),
        (Gamma(), np.random.default_rng(2).gamma(3, 2, (80, 1)), "histogram", "histogram"),
        (Bernoulli(), np.random.default_rng(3).integers(0, 2, (60, 5)), "levels", "levels"),
        (Categorical(), np.random.default_rng(4).integers(0, 3, (90, 3)), "levels", "levels"),
        (Bernoulli(), [[0], [1], [1], [0], [1]] * 5, "levels", "rows"),
        (Poisson(), np.random.default_rng(5).poisson(6, (100, 2)) + 20 * np.arange(100)[:, None] % 40, "grids", "points"),
        (FullGaussian(), np.random.default_rng(6).normal(size=(90, 4)), "grids", "points"),
    ],
)
def test_data_are_drawn_by_what_they_are(family, x, kind, kind_with_data):
    result = fitted(family, np.asarray(x, dtype=float))
    for include, expected in ((False, kind), (True, kind_with_data)):
        made = json.loads(Reader(result_page(result, include_data=include)).inside["script"][0])
        marks = made["marks"]
        assert marks["kind"] == expected
        if expected in ("histogram", "levels"):
            column = marks["columns"][0] if expected == "levels" else marks
            for mass in column["mass"]:
                assert np.sum(mass) == pytest.approx(len(x), rel=1e-4)
                assert np.shape(mass)[1] == 2
        if expected == "points":
            assert np.shape(marks["responsibilities"][0]) == (min(500, len(x)), 2)
        if expected == "grids":
            for grid in marks["grids"]:
                assert np.sum(grid["mass"][0]) == pytest.approx(len(x), rel=1e-3)
                assert len(grid["cells"]) == len(grid["mass"][0])


@pytest.mark.slow
def test_large_data_are_sampled_and_the_page_says_so():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(6000, 2)) + 5 * (rng.random((6000, 1)) < 0.5)
    made = json.loads(Reader(result_page(fitted(FullGaussian(), x), include_data=True)).inside["script"][0])
    assert (len(made["marks"]["x"]), made["marks"]["of"]) == (500, 6000)
    assert made["landscapes"][0]["sampled"]
    assert made["browser_em"] is None
    at_end = made["accounts"]["log_likelihood"][-1]
    assert max(max(v for v in row if v is not None) for row in made["landscapes"][0]["z"]) == pytest.approx(at_end, rel=0.05)


def test_a_regression_is_drawn_as_points_and_lines():
    made = trace(two_lines())
    drawn, path = made["marks"]["lines"], [dict(zip(made["symbols"], theta, strict=True)) for theta in made["path"]]
    assert (made["marks"]["kind"], made["marks"]["pairs"], drawn["pair"]) == ("points", [[0, 1]], [0, 1])
    for theta, means in zip(path, drawn["means"], strict=True):
        right = [theta[f"a_{way}"] + theta[f"b_{way}"] * np.array(drawn["at"]) for way in ("up", "down")]
        assert np.allclose(means, right, atol=2e-4)


def test_a_lesson_counts_in_its_own_words():
    made = trace(umbrella())
    assert {"umbrella", "none"} < {count["what"] for count in made["counts"]}
    assert not re.search(r"heads|tails", json.dumps([made["formulas"], made["bridge"], made["in_sequence"]["words"]]))


def test_the_bound_lies_below_and_touches():
    made = trace(old_faithful())
    accounts = made["accounts"]
    for t, curve in enumerate(made["bounds"]):
        likelihood, bound = np.array(curve["l"]), np.array(curve["b"])
        if not len(bound):
            continue
        touch, rise = accounts["log_likelihood"][2 * t], accounts["bound"][2 * t + 1] - accounts["log_likelihood"][2 * t]
        assert (bound <= likelihood + 1e-9).all()
        at = curve["s"].index(0.0)
        assert (likelihood[at], bound[at]) == pytest.approx((0, 0), abs=1e-9 * abs(touch))
        top = curve["s"].index(1.0)
        assert bound[top] == pytest.approx(rise, rel=1e-4)
        assert bound.argmax() == top


def test_landscapes_are_the_log_likelihood():
    lesson = two_coins()
    land = trace(lesson)["landscapes"][0]
    assert (land["x"], land["y"]) == ("theta_A", "theta_B")
    heads = lesson.source.x[:, 0]
    for j, i in ((3, 5), (20, 11)):
        a, b = land["xs"][i], land["ys"][j]
        right = np.log(0.5 * a**heads * (1 - a) ** (10 - heads) + 0.5 * b**heads * (1 - b) ** (10 - heads)).sum()
        assert land["z"][j][i] == pytest.approx(right, rel=1e-4)


def test_a_page_that_cannot_be_written_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match=r"cannot write .*nowhere"):
        two_coins().to_html(tmp_path / "nowhere" / "x.html")


@pytest.mark.slow
def test_explore_writes_pages(tmp_path):
    from click.testing import CliRunner

    from emkit.cli import group

    data = tmp_path / "x.csv"
    data.write_text("a,b\n" + "\n".join(f"{i % 7},{(i * i) % 11}" for i in range(60)))
    out = tmp_path / "report.html"
    asked = ["explore", str(data), "--model", "poisson", "-k", "2", "--html", str(out), "--json"]
    done = CliRunner().invoke(group, asked)
    assert json.loads(done.stdout)["page"] == str(out)
    assert "opens offline" in done.stderr
    assert "x.csv" in out.read_text(encoding="utf-8")
    lesson = CliRunner().invoke(group, ["explore", "two-coins", "--html", str(tmp_path / "coins.html")])
    assert (lesson.exit_code, lesson.stdout) == (0, "")
    assert "Two coins" in (tmp_path / "coins.html").read_text(encoding="utf-8")
    nothing = CliRunner().invoke(group, ["explore", "nothing"])
    assert nothing.exit_code == 2
    assert "nothing is no lesson" in nothing.stderr
