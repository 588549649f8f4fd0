"""A report says what the record says, to the last digit, in either form; and nothing of the rows."""

from __future__ import annotations

import base64
import json
import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import emkit as ek
from emkit import lessons
from emkit.plots import pictures
from emkit.writeup import markdown
from emkit.writeup.document import Document, Paragraph, Section, Table
from tests import cases
from tests.writeup.fits import FITS, GEYSER, answers, chosen, read_html, read_markdown, unescaped

pytest.importorskip("matplotlib")
NO_NUMBER = "–"


@pytest.fixture(scope="module")
def fits():
    made = {}

    def fit(name):
        if name not in made:
            made[name] = chosen() if name == "chosen" else FITS[name]()
        return made[name]

    return fit


def same(shown: str, told: object) -> bool:
    if told is None:
        return shown == NO_NUMBER
    if isinstance(told, int | float):
        return float(shown) == told and type(told) is (int if shown.lstrip("-").isdigit() else float)
    return shown.strip() == str(told).strip()


def agree(shown: list[list[str]], table: dict) -> None:
    headings, rows = table["headings"], table["rows"]
    head = shown[0] if len(shown) > len(rows) else [""] * len(rows[0])
    body = shown[len(shown) - len(rows) :]
    assert [text.strip() for text in head] == [text.strip() for text in headings or [""] * len(rows[0])]
    assert len(body) == len(rows)
    for line, row in zip(body, rows, strict=True):
        assert len(line) == len(row)
        for text, told in zip(line, row, strict=True):
            assert same(text, told), (text, told)


def parts_of(told: dict) -> list[dict]:
    return [part for section in told["sections"].values() for part in section["parts"]]


def check_written(fit, tmp_path) -> None:
    """Whatever the record says stands in both files, and nothing else does."""
    report = fit.report(tmp_path / "x.html")
    fit.report(tmp_path / "x.md")
    told = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    parts = parts_of(told)
    tables = [part for part in parts if "rows" in part]
    html = read_html((tmp_path / "x.html").read_text(encoding="utf-8"))
    in_markdown, lines = read_markdown((tmp_path / "x.md").read_text(encoding="utf-8"))
    assert len(html.tables) == len(in_markdown) == len(tables) > 3
    for shown in (html.tables, in_markdown):
        for each, table in zip(shown, tables, strict=True):
            agree(each, table)
    said = [told["title"], *(section["title"] for section in told["sections"].values())]
    said += [part["text"] for part in parts if "text" in part]
    said += [text for table in tables for text in (table["caption"], *table["notes"]) if text]
    below = [part["caption"] for part in parts if "figure" in part]
    assert sorted([*said, *below]) == sorted(text for _, text in html.texts)
    assert len(html.images) == len(below)
    marked = [line.strip("# *") for line in lines]
    assert sorted(said) == sorted(line for line in marked if line != "Figures are in the report as HTML.")


@pytest.mark.parametrize("name", ["chosen", *FITS])
def test_what_is_written_is_what_the_record_says(fits, name, tmp_path):
    check_written(fits(name), tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::emkit.errors.EmkitWarning")
@pytest.mark.parametrize("case", cases.FAMILIES, ids=lambda case: case.name)
def test_every_family_can_be_written_up(case, tmp_path):
    rows = case.draw(np.random.default_rng(4), 60)
    check_written(ek.fit(ek.Mixture(case.family), rows, case.mixture, max_evaluations=12), tmp_path)


@pytest.mark.parametrize("name", ["chosen", "latent classes", "poisson", "without data"])
def test_the_same_fit_gives_the_same_file(fits, name, tmp_path):
    for place in ("a.html", "b.html", "a.md", "b.md"):
        fits(name).report(tmp_path / place)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert (tmp_path / "a.md").read_bytes() == (tmp_path / "b.md").read_bytes()
    assert str(tmp_path) not in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_numbers_are_those_of_the_fit(fits):
    result = fits("latent classes")
    told = result.report().to_dict()["sections"]
    facts = dict(told["fit"]["parts"][0]["rows"])
    for name in ("aic", "aicc", "bic", "sabic", "caic", "icl"):
        label = {"aicc": "AICc"}.get(name, name.upper())
        assert facts[label] == pytest.approx(getattr(result, name), abs=5e-5)
    assert facts["log-likelihood"] == pytest.approx(result.log_likelihood, abs=5e-5)
    errors, intervals = result.standard_errors(), result.confidence_intervals()
    rows = next(part for part in told["estimates"]["parts"] if "rows" in part)["rows"]
    assert len(rows) == len(errors.names)
    for name, row in zip(errors.names, rows, strict=True):
        _, _, _, estimate, error, low, high, *_ = row
        assert estimate == pytest.approx(errors.estimates[errors.names.index(name)], rel=1e-4, abs=1e-5)
        if error is None:
            assert np.isnan(errors[name])
        else:
            assert error == pytest.approx(errors[name], rel=1e-2)
            assert (low, high) == pytest.approx(intervals[name], rel=1e-2, abs=1e-5)
    known = result.classification()
    assert dict(told["classification"]["parts"][0]["rows"])["relative entropy"] == pytest.approx(
        known.relative_entropy, abs=5e-5
    )
    missing = {row[0]: row[2] for row in told["data"]["parts"][1]["rows"]}
    assert list(missing.values()) == result.source.profile.missing.tolist()


def test_goodness_of_fit_is_that_of_the_estimator():
    frame, weights = answers()
    classes = ek.LatentClass(2, n_init=4, random_state=0).fit(frame, sample_weight=weights)
    facts = dict(classes.result_.report()["residuals"].to_dict()["parts"][0]["rows"])
    known = classes.goodness_of_fit_
    assert facts["degrees of freedom"] == known.degrees_of_freedom
    assert [value for name, value in facts.items() if name.startswith("G2")] == pytest.approx([known.G2], abs=5e-5)


PLANTED = (777.12345, -31.415926)


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_no_row_is_in_it_unless_asked(columns, tmp_path):
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.normal(0, 300, (40, columns)), rng.normal(900, 300, (40, columns))])
    x[17] = [*PLANTED, 5.55555][:columns]
    result = ek.GaussianMixture(2, covariance_type="diag", n_init=2, random_state=0).fit(x).result_

    def everything(**options) -> str:
        result.report(tmp_path / "x.html", **options)
        result.report(tmp_path / "x.md", **options)
        html = (tmp_path / "x.html").read_text(encoding="utf-8")
        pictures = [base64.b64decode(image.partition(",")[2]).decode() for image in read_html(html).images]
        assert pictures or columns == 3
        return "\n".join([html, (tmp_path / "x.md").read_text(encoding="utf-8"), *pictures])

    text = everything()
    assert "777.12" not in text
    assert "-31.41" not in text
    assert "row 17" not in text
    with_rows = everything(include_data=True)
    assert all(str(value) in with_rows for value in PLANTED[:columns])


def test_what_kept_a_model_from_being_fitted_may_name_a_cell_and_is_told_only_with_the_rows(tmp_path):
    x = np.random.default_rng(0).gamma(2.0, size=(30, 1)) + 0.1
    x[4] = -7.654321
    found = ek.select(ek.MixtureModel(n_init=2, random_state=0), x, [1], grid={"family": ["gaussian", "gamma"]})
    found.report(tmp_path / "x.md")
    assert "7.654" not in (tmp_path / "x.md").read_text(encoding="utf-8")
    found.report(tmp_path / "x.md", include_data=True)
    assert "7.654" in (tmp_path / "x.md").read_text(encoding="utf-8")


HOSTILE = [
    "<script>alert(1)</script>",
    r"a|b\c",
    "x" * 300,
    "\x1b[31mred\u202e",
    "`code` *_#[x](y)",
    "q\"'&amp;",
    "{{style}}",
    "$x$",
]


def test_hostile_names_stay_names(tmp_path):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, len(HOSTILE))) + 4 * (rng.random((50, 1)) < 0.5)
    source = ek.ArraySource(x, columns=HOSTILE)
    start = ek.MixtureParams([0.5, 0.5], ek.DiagonalGaussianParams(np.stack([x[0], x[1]]), np.ones((2, len(HOSTILE)))))
    result = ek.fit(ek.Mixture(ek.DiagonalGaussian()), source, start)
    report = result.report(tmp_path / "x.html", title="</title><script>alert(2)</script> | *{{sections}}*")
    result.report(tmp_path / "x.md", title="| *bold* <b>")
    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    html = read_html(text)
    assert "script" not in html.tags
    assert "alert(1)</" not in text
    assert "\x1b" not in text + (tmp_path / "x.md").read_text(encoding="utf-8")
    assert "\u202e" not in text + (tmp_path / "x.md").read_text(encoding="utf-8")
    tables, _ = read_markdown((tmp_path / "x.md").read_text(encoding="utf-8"))
    told = [part for part in parts_of(report.to_dict()) if "rows" in part]
    for shown, table in zip(tables, told, strict=True):
        agree(shown, table)
    for shown, table in zip(html.tables, told, strict=True):
        agree(shown, table)


def test_levels_with_names_that_mean_something_stay_names(tmp_path):
    rng = np.random.default_rng(1)
    frame = [[rng.choice(["<b>", "a|b", "\x07"]), rng.choice(["yes", "no"])] for _ in range(60)]
    result = ek.LatentClass(1).fit(frame).result_
    report = result.report(tmp_path / "x.html")
    html = read_html((tmp_path / "x.html").read_text(encoding="utf-8"))
    assert "b" not in html.tags
    told = [part for part in parts_of(report.to_dict()) if "rows" in part]
    for shown, table in zip(html.tables, told, strict=True):
        agree(shown, table)


def test_components_go_by_their_names(fits):
    sections = fits("labels").report().to_dict()["sections"]
    assert sections["components"]["parts"][0]["headings"][2:] == ["long", "short"]
    table = next(part for part in sections["estimates"]["parts"] if "rows" in part)
    assert {row[table["headings"].index("component")] for row in table["rows"]} == {"long", "short"}
    assert [row[0] for row in sections["classification"]["parts"][1]["rows"]] == ["long", "short"]
    without = fits("poisson").report().to_dict()["sections"]
    assert without["components"]["parts"][0]["headings"][2:] == ["component 1", "component 2"]


def test_long_names_stay_apart():
    names = [f"how often did you {what} in the last twelve months, if ever" for what in ("smoke", "drink")]
    source = ek.ArraySource(np.random.default_rng(0).poisson(3.0, (30, 2)).astype(float), columns=names)
    result = ek.fit(ek.Mixture(ek.Poisson()), source, ek.MixtureParams([1.0], ek.PoissonParams([[1.0, 1.0]])))
    assert [row[0] for row in result.report().to_dict()["sections"]["data"]["parts"][1]["rows"]] == names


@pytest.mark.parametrize("name", ["x.pdf", "x", "x.htm", "html", ".md"])
def test_other_endings_are_refused_in_words(fits, name, tmp_path):
    with pytest.raises(ek.EmkitError, match=r"ends in \.html or \.md"):
        fits("poisson").report(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_one_sentence(fits, tmp_path):
    for place in (tmp_path / "nowhere" / "x.html", tmp_path / "a\0b.md"):
        with pytest.raises(ek.DataError, match="cannot write"):
            fits("poisson").report(place)
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(ek.DataError, match="cannot write"):
        fits("poisson").report(tmp_path / "folder.html")


def test_a_fit_without_its_data_says_what_it_cannot_tell(fits, tmp_path):
    result = fits("without data")
    sections = result.report().to_dict()["sections"]
    for name in ("data", "fit", "estimates", "classification", "residuals"):
        assert any("not stored" in part.get("text", "") for part in sections[name]["parts"]), name
    with pytest.raises(ek.DataError, match="not stored"):
        result.report(standard_errors=True)


def test_a_fit_from_a_file_is_written_up_as_before_once_it_has_its_data_again(fits, tmp_path):
    result = fits("latent classes")
    frame, weights = answers()
    back = ek.load(result.save(tmp_path / "x.emk"))
    again = back.with_data(frame, weights)
    assert again.report().to_dict() == result.report().to_dict()
    assert back.report()["provenance"] == result.report()["provenance"]
    with pytest.raises(ek.DataError, match="not the data of the fit"):
        back.with_data(frame)


def test_standard_errors_can_be_left_out(fits):
    table = next(part for part in fits("poisson").report(standard_errors=False)["estimates"].parts if isinstance(part, Table))
    assert table.headings == ("parameter", "of", "component", "estimate")


def test_what_cannot_be_told_is_named():
    sections = lessons.three_coins().fit().report().to_dict()["sections"]
    said = " ".join(part["text"] for part in sections["limits"]["parts"])
    assert "Not identified: the likelihood is flat along" in said
    notes = next(part for part in sections["estimates"]["parts"] if "rows" in part)["notes"]
    assert any("singular" in note for note in notes)
    collapsed = FITS["collapsed"]().report().to_dict()["sections"]["limits"]["parts"]
    assert "collapsed onto" in collapsed[0]["text"]


def test_held_parameters_are_named_as_held():
    held = ek.Frozen(ek.Mixture(ek.Poisson()), "components.rates[0]")
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [2.5]]))
    report = ek.fit(held, range(8), start, weights=[5, 9, 8, 6, 4, 2, 1, 1]).report()
    table = next(part for part in report["estimates"].parts if isinstance(part, Table))
    assert any("held at its start" in note for note in table.notes)


def test_a_report_of_many_components_is_cut_into_tables_that_fit_a_page():
    x = np.random.default_rng(0).poisson(np.repeat(np.arange(1, 30, 2), 8)).astype(float)
    start = ek.MixtureParams(np.full(15, 1 / 15), ek.PoissonParams(np.arange(1.0, 30, 2)[:, None]))
    result = ek.fit(ek.Mixture(ek.Poisson()), x, start, max_evaluations=5)
    tables = [part for part in result.report(standard_errors=False)["components"].parts if isinstance(part, Table)]
    assert len(tables) > 1
    assert sum(len(table.headings) - 2 for table in tables) == 15


def test_the_choice_reported_is_the_one_that_was_made(fits):
    found = fits("chosen")
    table = found.report()["choice"].parts[1]
    best = [row for row in table.to_dict()["rows"] if row[-1] == "chosen"]
    assert len(best) == 1
    assert best[0][:2] == [found.choice.best.label, found.choice.best.cell.components]
    assert len(table.rows) == len(found.lines)
    assert found["full", 2].result_.report(choice=found.choice)["choice"] == found.report()["choice"]


def test_the_page_of_steps_is_written_and_linked(fits, tmp_path):
    (tmp_path / "pages").mkdir()
    steps = tmp_path / "pages" / "the (first) steps.html"
    for name in ("x.html", "x.md"):
        report = fits("poisson").report(tmp_path / name, steps=steps)
    link = report["provenance"].parts[1]
    assert link.target == "pages/the (first) steps.html"
    assert 'href="pages/the%20%28first%29%20steps.html"' in (tmp_path / "x.html").read_text(encoding="utf-8")
    assert f"[{link.text}](pages/the%20%28first%29%20steps.html)" in (tmp_path / "x.md").read_text(encoding="utf-8")
    assert "<svg" in steps.read_text(encoding="utf-8")


def test_a_choice_that_is_none_is_refused(fits):
    with pytest.raises(ek.ModelError, match=r"give choice=s\.choice"):
        fits("poisson").report(choice=fits("chosen"))


def test_a_choice_of_which_none_can_be_chosen_is_written_up_and_says_so(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = ek.select(ek.GaussianMixture(max_iter=1, tol=0.0, n_init=1, random_state=0), GEYSER, [1, 2])
    none = replace(found, choice=replace(found.choice, lines=tuple(replace(line, trouble="too bad.") for line in found.lines)))
    said = "No model can be chosen by BIC: each has some trouble."
    assert said in str(none)
    assert none.report(tmp_path / "x.html")["choice"].parts[0].text == said
    none.report(tmp_path / "x.md")
    assert said in (tmp_path / "x.md").read_text(encoding="utf-8")
    assert "<img" in (tmp_path / "x.html").read_text(encoding="utf-8")
    beside = none[2].result_.report(tmp_path / "y.md", choice=none.choice)
    assert beside["choice"].parts[0].text == said
    none.plot()


def test_p_values_are_never_told_as_0():
    rng = np.random.default_rng(0)
    one = rng.random(2_000) < 0.5
    frame = [["yes" if value else "no"] * 6 for value in one]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = ek.LatentClass(1, random_state=0).fit(frame).result_
    facts = dict(result.report()["residuals"].to_dict()["parts"][0]["rows"])
    assert (facts["p of G2"], facts["p of X2"]) == ("<.001", "<.001")


def test_kurtosis_is_that_in_excess_of_a_normal():
    x = np.random.default_rng(1).normal(size=(4_000, 1))
    result = ek.GaussianMixture(1).fit(x).result_
    table = result.report()["residuals"].parts[1]
    shown = dict(zip(table.headings, table.to_dict()["rows"][0], strict=True))
    assert shown["excess kurtosis"] == pytest.approx(stats.kurtosis(result.quantile_residuals()[:, 0]), abs=1e-3)


@pytest.mark.parametrize("name", ["latent classes", "mixed", "poisson"])
def test_passes_are_those_of_the_sentence(fits, name):
    result = fits(name)
    section = result.report()["convergence"]
    facts = dict(section.parts[1].to_dict()["rows"])
    told = [int(number) for number in re.findall(r"(\d+) pass", section.parts[0].text)]
    assert facts["passes over the data"] == sum(told)
    assert facts["passes over the data"] + facts["further passes, at points beside its end"] == result.evaluations


def test_the_data_of_blocks_are_told_by_the_names_of_their_columns(fits):
    frame = pytest.importorskip("pandas").DataFrame(fits("mixed").source.x[:, :2], columns=["age", "visits"])
    result = ek.MixtureModel({"age": "gaussian", "visits": "poisson"}, 1).fit(frame).result_
    told = dict(result.report()["model"].parts[1].to_dict()["rows"])["data it is for"]
    assert told == "age: columns of numbers, uncorrelated in a component; visits: columns of counts 0, 1, 2 ..."
    told = dict(fits("mixed").report()["model"].parts[1].to_dict()["rows"])["data it is for"]
    assert told.startswith("x0: columns of numbers")


def test_what_stands_as_a_standard_deviation_says_where_its_variance_is(fits):
    notes = {name: fits(name).report()["components"].parts[0].notes for name in ("labels", "mixed", "poisson")}
    assert [note.split()[0].strip(",") for note in notes["labels"]] == ["sd", "A"]
    assert [note.split()[0].strip(",") for note in notes["mixed"]] == ["sd"]
    assert notes["poisson"] == ()


@pytest.mark.parametrize(
    "text", ["- a", "1. x", "23) y", "# b", "> c", "+ d", "* e", "---", "===", "1.", ": f", "~~~", "    g"]
)
def test_names_begin_no_block_of_markdown(text):
    shown = markdown(Document(text, (Section("x", text, (Paragraph(text), Table(text, (text,), ((text,),), (text,)))),)))
    opened = re.compile(r"\s*([-+*](\s|$)|\d+[.)](\s|$)|>|#|=+\s*$|-+\s*$|:\s|~~~|```)| {4}")
    own = [line for line in shown.splitlines() if not line.startswith(("# ", "## ", "|", "**"))]
    assert [line for line in own if opened.match(line)] == []
    assert unescaped(own[-1]) == text.strip()


def test_what_is_held_is_told_in_words():
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[0.5, 2.0], [8.0, 2.0]]))
    x = np.array([[0.0, 1], [1, 3], [0, 2], [9, 1], [8, 3]])

    def held(*paths: str) -> str:
        rows = ek.fit(ek.Frozen(ek.Mixture(ek.Poisson()), *paths), x, start).report()["model"].parts[1].to_dict()["rows"]
        return dict(rows)["held at the start"]

    assert held("components.rates[0]") == "rate of x0, component 1; rate of x1, component 1"
    assert held("components.rates[1, 0]") == "rate of x0, component 2"
    assert held("proportions") == "proportion, component 1; proportion, component 2"


def test_estimates_on_an_edge_are_named_with_the_reason():
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[0.5, 2.0], [8.0, 2.0]]))
    x = np.array([[0.0, 1], [0, 3], [0, 2], [9, 1], [8, 3], [7, 2]])
    report = ek.fit(ek.Mixture(ek.Poisson()), x, start).report()
    table = report["estimates"].parts[1]
    on_edge = [row for row in table.to_dict()["rows"] if row[-1]]
    assert [row[:3] for row in on_edge] == [["rate", "x0", "1"]]
    assert on_edge[0][4:8] == [None] * 4
    assert table.notes == ("(1) the estimate lies on the boundary of its space.",)
    assert "so without a standard error: rate of x0, component 1." in report["limits"].parts[0].text


def test_a_formula_and_what_is_beside_it_are_told(fits):
    sections = fits("regression").report(standard_errors=False).sections
    told = dict(next(section for section in sections if section.name == "model").parts[1].rows)
    assert (told["columns, by a formula"], told["offset"]) == ("y ~ x | w", "log(days)")
    assert told["formula"].startswith("p(y | x) = sum over k = 1 ... 2 of proportion_k(x) f(y | x, k)")
    assert told["each component"] == "poisson regression: a coefficient for each covariate"


@pytest.mark.parametrize("include_data", [False, True])
def test_lines_of_regressions_have_points_only_where_rows_may_be_told(fits, include_data):
    pytest.importorskip("matplotlib")
    made = fits("regression").report(include_data=include_data, standard_errors=False)
    drawn = pictures(made, fits("regression"), rows=include_data)
    assert {"lines", "gate", "rootogram"} <= set(drawn)
    assert ("PathCollection" in drawn["lines"]) == include_data


def test_rows_in_sequence_are_told_as_sequences(fits):
    text = markdown(fits("chain").report(standard_errors=False))
    assert "| sequences | 2 |" in text
    assert "share a component" not in text
