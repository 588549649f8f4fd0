"""``emkit select``: the table, JSON, and what it refuses."""

from __future__ import annotations

import json
import warnings
from importlib.resources import files

import click
import numpy as np
import pytest
from click.testing import CliRunner

from emkit.cli import group
from emkit.cli.asked import BY_COLUMN, ROWS, with_options

FAITHFUL = str(files("emkit.lessons") / "data" / "faithful.csv")
DEATHS = "deaths,days\n" + "\n".join(f"{n},{w}" for n, w in enumerate([162, 267, 271, 185, 111, 61, 27, 8, 3, 1]))


def run(*args, text=None):
    return CliRunner().invoke(group, ["select", *args], input=text)


def test_it_prints_a_table_and_what_is_chosen():
    result = run(FAITHFUL, "-k", "1:3", "--model", "gaussian", "--model", "gaussian-tied", "--starts", "4")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["model", "K", "log-likelihood", "free", "BIC", "ICL", "AIC", "entropy"]
    assert lines[6].split() == ["gaussian-tied", "3", "-1126.32", "11", "2314.30", "2358.39", "2274.63", "42.74", "*"]
    assert lines[-1] == "Lowest BIC: gaussian-tied with 3 components, 2314.2957."
    assert max(map(len, lines)) <= 80


def test_json_has_every_model_and_the_best_fit():
    args = "-", "-k", "2", "--model", "poisson", "--columns", "deaths", "--weights", "days", "--criterion", "aic", "--json"
    result = run(*args, text=DEATHS)
    assert (result.exit_code, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    assert (told["criterion"], told["settings"], told["best"]) == ("aic", ["model"], {"form": ["poisson"], "components": 2})
    assert [line["components"] for line in told["lines"]] == [1, 2]
    assert told["fit"]["log_likelihood"] == told["lines"][1]["log_likelihood"] == pytest.approx(-1989.9459, abs=1e-4)


@pytest.mark.parametrize(
    ("args", "code", "sentence"),
    [
        ([FAITHFUL, "-k", "3:1"], 2, "3:1 is no range of at most 100 numbers, lowest first."),
        ([FAITHFUL, "-k", "1:"], 2, "'' is not a whole number."),
        ([FAITHFUL, "-k", "1:2:3"], 2, "'1:2:3' is no range; write 1:6 for the numbers from 1 to 6."),
        ([FAITHFUL, "-k", "0:2"], 2, "0 components cannot be; give a whole number >= 1."),
        (
            [FAITHFUL, "--criterion", "entropy"],
            2,
            "'entropy' is not one of 'aic', 'aicc', 'bic', 'sabic', 'caic', 'icl', 'cv'.",
        ),
        (["-", "--model", "poisson", "--model", "gaussian"], 2, "stdin can be read once: give one --model, or name a file."),
        ([FAITHFUL, "--model", "possion"], 2, "there is no family 'possion'"),
        (["nothing.csv"], 4, "nothing.csv"),
        ([FAITHFUL, "--family", "poisson"], 2, "--family goes with --model hmm."),
        ([FAITHFUL, "--sequence", "waiting"], 2, "--sequence goes with --model hmm."),
        (
            [FAITHFUL, "--model", "hmm"],
            2,
            "say what one state looks like: --model hmm --family FAMILY, or --column NAME=FAMILY for each column.",
        ),
        ([FAITHFUL, "--offset", "waiting"], 2, "--offset goes with --formula."),
        ([FAITHFUL, "--formula", "waiting ~ eruptions", "--model", "gaussian"], 2, "--model does not go with --formula"),
        ([FAITHFUL, "--formula", "waiting ~ eruptions", "--family", "poison"], 2, "family is 'poison'"),
        ([FAITHFUL, "--model", "hmm", "--model", "gaussian"], 2, "--model hmm is compared with none but itself"),
        ([FAITHFUL, "--model", "poisson"], 4, "Poisson counts"),
    ],
)
def test_what_cannot_be_is_one_sentence(args, code, sentence):
    result = run(*args)
    assert result.exit_code == code
    assert sentence in result.stderr
    assert "Traceback" not in result.output


def visits() -> str:
    """Two kinds of people, some of them labelled, in three visits each."""
    rng = np.random.default_rng(0)
    lines = ["age,visits,person,kind,w"]
    for person in range(30):
        old = person % 2
        for _ in range(3):
            kind = ("young", "old")[old] if person < 8 else ""
            lines.append(f"{rng.normal(30 + 30 * old, 6):.2f},{rng.poisson(1 + 5 * old)},{person},{kind},0.01")
    return "\n".join(lines) + "\n"


def test_it_takes_what_fit_takes_of_rows(tmp_path):
    path = tmp_path / "visits.csv"
    path.write_text(visits())
    asked = [
        "--column",
        "age=gaussian",
        "--column",
        "visits=poisson",
        "--groups",
        "person",
        "--labels",
        "kind",
        "--starts",
        "2",
    ]
    told = json.loads(run(str(path), "-k", "2", *asked, "--json").stdout)
    one, two = told["lines"]
    assert told["best"] == {"form": ["by column"], "components": 2}
    assert one["trouble"] == "column 'kind' holds 2 labels, more than the 1 components of -k."
    fit = json.loads(CliRunner().invoke(group, ["fit", str(path), "-k", "2", *asked, "--json"]).stdout)
    assert two["log_likelihood"] == pytest.approx(fit["log_likelihood"], abs=1e-6)
    assert told["fit"]["component_names"] == ["old", "young"]


def test_weights_that_are_no_numbers_of_rows_are_told_of():
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        result = run("-", "-k", "2", "--columns", "age", "--weights", "w", "--starts", "2", text=visits())
    assert result.exit_code == 0
    assert result.stderr.count("BIC and standard errors take that sum for the number of rows") == 1


def test_fit_and_select_say_the_same_of_rows():
    shared = {option.name for option in with_options((BY_COLUMN, *ROWS))(click.command("rows")(lambda: 0)).params}
    for name in ("fit", "select", "report"):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        assert shared <= {option.name for option in command.params}, name


def test_where_none_can_be_chosen_the_table_is_printed_all_the_same(monkeypatch):
    monkeypatch.setattr("emkit.selection.grid._trouble", lambda record: "too bad.")
    result = run(FAITHFUL, "-k", "1", "--starts", "2")
    assert result.exit_code == 3
    assert "! gaussian 1: too bad." in result.stdout
    assert result.stderr == "error: No model can be chosen by BIC: each has some trouble.\n"
    told = json.loads(run(FAITHFUL, "-k", "1", "--starts", "2", "--json").stdout)
    assert (told["best"], told["fit"]) == (None, {})


def test_hidden_markov_models_are_compared_by_their_states_and_families():
    rows = "count,part\n" + "\n".join(f"{n},{'ab'[i > 7]}" for i, n in enumerate([0, 1, 0, 6, 7, 5, 0, 1, 8, 6, 7, 1, 0, 0]))
    args = "-", "-k", "1:2", "--model", "hmm", "--family", "poisson", "--columns", "count", "--sequence", "part", "--json"
    result = run(*args, text=rows)
    assert (result.exit_code, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    assert (told["settings"], told["best"]) == (["family"], {"form": ["poisson"], "components": 2})
    assert told["fit"]["model"] == "Hidden Markov chain of 2 poisson states"
