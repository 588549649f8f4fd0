"""``emkit select``: the table, JSON, and what it refuses."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from click.testing import CliRunner

from emkit.cli import group

FAITHFUL = str(files("emkit.lessons") / "data" / "faithful.csv")
DEATHS = "deaths,days\n" + "\n".join(f"{n},{w}" for n, w in enumerate([162, 267, 271, 185, 111, 61, 27, 8, 3, 1]))


def run(*args, text=None):
    return CliRunner().invoke(group, ["select", *args], input=text)


def test_it_prints_a_table_and_what_is_chosen():
    result = run(FAITHFUL, "-k", "1:3", "--model", "gaussian", "--model", "gaussian-tied", "--starts", "4")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["model", "K", "log-likelihood", "free", "BIC", "ICL", "entropy"]
    assert lines[6].split() == ["gaussian-tied", "3", "-1126.32", "11", "2314.30", "2358.39", "42.74", "*"]
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
        ([FAITHFUL, "--model", "hmm"], 2, "say what one state looks like: --model hmm --family FAMILY."),
        ([FAITHFUL, "--model", "hmm", "--model", "gaussian"], 2, "--model hmm is compared with none but itself"),
        ([FAITHFUL, "--model", "poisson"], 4, "Poisson counts"),
    ],
)
def test_what_cannot_be_is_one_sentence(args, code, sentence):
    result = run(*args)
    assert result.exit_code == code
    assert sentence in result.stderr
    assert "Traceback" not in result.output


def test_hidden_markov_models_are_compared_by_their_states_and_families():
    rows = "count,part\n" + "\n".join(f"{n},{'ab'[i > 7]}" for i, n in enumerate([0, 1, 0, 6, 7, 5, 0, 1, 8, 6, 7, 1, 0, 0]))
    args = "-", "-k", "1:2", "--model", "hmm", "--family", "poisson", "--columns", "count", "--sequence", "part", "--json"
    result = run(*args, text=rows)
    assert (result.exit_code, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    assert (told["settings"], told["best"]) == (["family"], {"form": ["poisson"], "components": 2})
    assert told["fit"]["model"] == "Hidden Markov chain of 2 poisson states"
