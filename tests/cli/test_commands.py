"""The command line as its users meet it: output, exit codes, streams, progress, interruption."""

import json
import math
import os
import pty
import re
import signal
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest
from click.testing import CliRunner

import emkit as ek
from emkit.cli import COMMANDS, group
from emkit.cli.failures import code_for
from emkit.fitting import default_rules
from emkit.lessons import LESSONS
from emkit.search.search import Long, search
from emkit.search.seeding import begin
from emkit.watching import Progress

FAITHFUL = str(files("emkit.lessons") / "data" / "faithful.csv")
GAUSSIANS = ["fit", FAITHFUL, "--model", "gaussian", "-k", "2"]
DEATHS = "deaths,days\n" + "\n".join(f"{n},{w}" for n, w in enumerate([162, 267, 271, 185, 111, 61, 27, 8, 3, 1]))
NOTICES = ["fit", "-", "--model", "poisson", "--columns", "deaths", "--weights", "days"]
HASSELBLAD = {"proportions": [0.3, 0.7], "components": {"rates": [[1.0], [2.5]]}}


def run(*args, text=None):
    return CliRunner().invoke(group, list(args), input=text)


def fitted(*args, text=None):
    result = run(*args, "--json", text=text)
    assert result.stderr == ""
    return json.loads(result.stdout)


def python(*args, **options):
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, timeout=120, check=False, **options)


# fit


def test_fit_prints_a_table():
    result = run(*GAUSSIANS)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == "Mixture of 2 gaussian components"
    for line in (
        "  rows                    272",
        "  log-likelihood   -1130.2640",
        "  free parameters          11",
        "  AIC               2282.5279  lower is better",
        "  BIC               2322.1917  lower is better",
        "Best reached by 1 of 8 starts; 7 more were left near it, and may be expected to",
        "  mean         eruptions            2.0364   4.2897",
    ):
        assert line in lines
    assert max(map(len, lines)) <= 80


def test_fit_json_is_in_full_precision_and_equals_the_library():
    found = fitted(*GAUSSIANS, "--starts", "2")
    source = ek.ArraySource(np.loadtxt(FAITHFUL, delimiter=",", skiprows=1))
    start = ek.MixtureParams(found["parameters"]["proportions"], ek.FullGaussianParams(**found["parameters"]["components"]))
    again = ek.fit(ek.Mixture(ek.FullGaussian()), source, start, max_evaluations=1)
    assert found["log_likelihood"] == pytest.approx(again.log_likelihood, rel=1e-14)
    assert found["log_likelihood"] == pytest.approx(-1130.2639601847407, abs=1e-9)
    assert found["columns"] == ["eruptions", "waiting"]
    assert (found["converged"], found["starts"]["tried"], found["file"]) == (True, 2, FAITHFUL)


def test_death_notices_from_stdin_with_weights_and_an_explicit_start():
    found = fitted(*NOTICES, "--start", json.dumps(HASSELBLAD), text=DEATHS)
    assert found["rows"] == 1096
    assert found["log_likelihood"] == pytest.approx(-1989.945859883, abs=1e-9)
    assert found["evaluations"] <= 100
    np.testing.assert_allclose(np.ravel(found["parameters"]["components"]["rates"]), [1.256095101, 2.663404357], rtol=1e-5)


def test_the_start_may_be_the_output_of_an_earlier_fit(tmp_path):
    before = run(*NOTICES, "-k", "2", "--json", text=DEATHS).stdout
    (tmp_path / "fit.json").write_text(before)
    found = fitted(*NOTICES, "--start", str(tmp_path / "fit.json"), text=DEATHS)
    assert found["starts"]["tried"] == 1
    assert found["iterations"] <= 2
    assert found["log_likelihood"] == pytest.approx(json.loads(before)["log_likelihood"], abs=1e-7)


def test_two_binomial_columns_and_a_fixed_number_of_trials_are_the_same_fit():
    heads = [5, 9, 8, 4, 7]
    model = ["fit", "-", "--model", "binomial", "-k", "2"]
    fixed = fitted(*model, "--trials", "10", text="heads\n" + "\n".join(map(str, heads)))
    columns = fitted(*model, text="heads,tosses\n" + "\n".join(f"{h},10" for h in heads))
    assert fixed["log_likelihood"] == pytest.approx(columns["log_likelihood"], abs=1e-9)
    assert fixed["log_likelihood"] == pytest.approx(-31.568694899973349 + 21.773275943775303, abs=1e-7)
    assert fixed["parameters"]["components"]["probabilities"][0][0] < 0.6  # the lower probability comes first


def test_the_same_seed_gives_the_same_bits_and_another_one_other_starts():
    one, again = (run(*GAUSSIANS, "--json", "--seed", "7", "--starts", "3").stdout for _ in range(2))
    assert one == again
    four = ["fit", FAITHFUL, "--model", "gaussian", "-k", "4", "--starts", "1"]
    assert len({round(fitted(*four, "--seed", str(seed))["log_likelihood"], 3) for seed in (7, 8, 9)}) > 1


def test_the_command_and_the_estimator_search_alike():
    found = fitted("fit", FAITHFUL, "--model", "gaussian", "-k", "3", "--solver", "squarem")["starts"]
    x = np.loadtxt(FAITHFUL, delimiter=",", skiprows=1)
    runs = search(
        ek.Mixture(ek.FullGaussian()),
        ek.ArraySource(x),
        begin(ek.Mixture(ek.FullGaussian()), ek.ArraySource(x), 3, 0),
        Long(ek.solvers.Squarem(), lambda steps, passes: default_rules(ek.Mixture(ek.FullGaussian())), 10_000),
    ).runs
    assert (found["tried"], found["followed"], found["left_near_it"]) == (runs.starts, len(runs.runs), runs.near)
    assert found["maxima"][0]["objective"] == pytest.approx(runs.best.objective, rel=1e-14)


def test_one_component_needs_one_start_only():
    assert fitted("fit", FAITHFUL, "--model", "gaussian", "-k", "1")["starts"]["tried"] == 1


@pytest.mark.slow
def test_plain_and_squarem_agree_and_plain_needs_more_passes():
    start = ["--start", json.dumps(HASSELBLAD)]
    fast = fitted(*NOTICES, *start, text=DEATHS)
    plain = fitted(*NOTICES, *start, "--solver", "plain", text=DEATHS)
    assert plain["log_likelihood"] == pytest.approx(fast["log_likelihood"], abs=1e-7)
    assert plain["evaluations"] > 10 * fast["evaluations"]


def test_columns_are_chosen_and_named():
    result = run("fit", FAITHFUL, "--model", "gaussian-diag", "-k", "2", "--columns", "waiting, eruptions")
    assert re.search(r"mean +waiting +54\.\d+ +\d+\.\d+\n +mean +eruptions +2\.", result.stdout)


def test_standard_errors_in_text_and_json():
    args = ["fit", "-", "--model", "poisson", "-k", "1", "--standard-errors"]
    assert re.search(r"rate +x +1 +2\.0000 +0\.70711 +1\.0002 +3\.9992\n", run(*args, text="x\n1\n2\n3\n2\n").stdout)
    given = fitted(*args, text="x\n1\n2\n3\n2\n")
    assert given["standard_errors"]["components.rates[0, 0]"] == pytest.approx(2**-0.5, rel=1e-6)
    factor = math.exp(1.959963985 / 8**0.5)
    assert given["confidence_intervals"]["components.rates[0, 0]"] == pytest.approx([2 / factor, 2 * factor], rel=1e-6)


def test_a_fit_out_of_budget_ends_with_exit_code_3_and_says_what_to_do():
    result = run(*NOTICES, "-k", "2", "--solver", "plain", "--max-evaluations", "5", text=DEATHS)
    assert result.exit_code == 3
    assert "Not converged: the budget of 5 passes over the data is spent." in result.stdout
    assert result.stderr == "warning: not converged; --max-evaluations allows more passes over the data.\n"


def test_a_start_of_equal_components_leaves_the_saddle_and_says_so():
    equal = {"proportions": [0.5, 0.5], "components": {"rates": [[2.0], [2.0]]}}
    result = run(*NOTICES, "--start", json.dumps(equal), text=DEATHS)
    assert result.exit_code == 0
    assert "On the way it left a saddle (objective -2" in " ".join(result.stdout.split())
    assert fitted(*NOTICES, "--start", json.dumps(equal), text=DEATHS)["log_likelihood"] == pytest.approx(
        -1989.945859883, abs=1e-7
    )


@pytest.mark.parametrize(
    ("status", "code"), [("CONVERGED", 0), ("BUDGET", 3), ("STATIONARY_SADDLE", 3), ("DECREASED", 1), ("DEGENERATE", 1)]
)
def test_every_outcome_has_its_exit_code(status, code):
    assert code_for(ek.Outcome(ek.Status[status], "")) == code


def test_names_in_brackets_are_not_markup_and_escapes_do_not_reach_the_terminal():
    result = run("fit", "-", "--model", "poisson", "-k", "1", text="[red]a,\x1b[31mb\n1,2\n3,4\n")
    assert "rate        [red]a" in result.stdout
    assert r"\x1b[31mb" in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize("columns", ["40", "80", "100"])
def test_the_table_keeps_to_the_width(columns):
    ended = python("-m", "emkit", *GAUSSIANS, "--starts", "2", env={**os.environ, "COLUMNS": columns})
    assert ended.returncode == 0
    assert max(map(len, ended.stdout.splitlines())) <= max(int(columns), 60)


def test_an_encoding_without_the_letters_of_a_name_is_no_reason_for_a_traceback():
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ended = python("-m", "emkit", "fit", "-", "--model", "poisson", "-k", "1", input="höhe\n1\n2\n", env=env)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.search(r"rate +h.*he +1\.5000", ended.stdout)


# the other commands


@pytest.mark.slow
def test_demo_tours_every_lesson_and_writes_its_numbers(tmp_path):
    result = run("demo", "--out", str(tmp_path / "new" / "demo"))
    assert result.exit_code == 0
    assert f"to {tmp_path / 'new' / 'demo'}; open {tmp_path / 'new' / 'demo' / 'index.html'}" in result.stderr
    for lesson in LESSONS.values():
        assert lesson().title in result.stdout
    report = (tmp_path / "new" / "demo" / "report.txt").read_text()
    for text in (result.stdout, report):
        assert "First mu[x=0]: printed 0.82, right 0.8710 (27/31)." in " ".join(text.split())
        assert "emkit fit faithful.csv --model gaussian -k 2" in text
    numbers = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "new" / "demo").glob("*.json")}
    assert set(numbers) == {*LESSONS, "faithful-csv"}
    assert numbers["two-coins"]["log_likelihood"] == pytest.approx(-31.570200235996904, abs=1e-9)
    assert numbers["three-coins"]["printed"]["first_mistake"] == "mu[x=0]"
    assert numbers["faithful-csv"]["log_likelihood"] == pytest.approx(numbers["old-faithful"]["log_likelihood"], abs=1e-7)


def test_demo_json_is_all_on_stdout():
    found = json.loads(run("demo", "--json").stdout)
    assert set(found) == {*LESSONS, "faithful-csv"}


def test_demo_cannot_write_into_a_file(tmp_path):
    (tmp_path / "taken").write_text("")
    result = run("demo", "--out", str(tmp_path / "taken" / "demo"))
    assert result.exit_code == 2
    assert result.stderr.startswith("error: cannot write to ")


def test_every_family_is_described():
    found = json.loads(run("families", "--json").stdout)
    assert [family["name"] for family in found] == list(ek.FAMILIES)
    text = run("families").stdout
    for family in found:
        assert family["name"] in text
        assert family["log_density"].startswith("log p(")
        assert family["data"]
        assert family["parameters"]
        assert family["admits_gaps"] in (True, False)


def test_the_doctor_finds_this_machine_healthy():
    result = run("doctor")
    assert result.exit_code == 0
    assert "emkit works on this machine." in result.stdout
    found = json.loads(run("doctor", "--json").stdout)
    assert found["healthy"] is True
    assert found["self_test"]["largest_error"] <= 1e-12
    assert found["packages"]["numpy"] == np.__version__


def test_the_doctor_notices_a_wrong_answer(monkeypatch):
    monkeypatch.setattr("emkit.cli.doctor.COINS", (0.8, 0.52))
    result = run("doctor")
    assert result.exit_code == 1
    assert "does NOT work" in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_has_help_and_json(name):
    result = run(name, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: emkit {name}")
    assert "--json" in result.stdout


def test_help_lists_the_commands_and_exit_codes():
    bare, asked = run(), run("--help")
    assert bare.exit_code == asked.exit_code == 0
    assert bare.stdout == asked.stdout
    for name in COMMANDS:
        assert f"\n  {name} " in asked.stdout
    assert "130" in asked.stdout


def test_version():
    assert run("--version").stdout == f"emkit {ek.__version__}\n"


# lightness, streams, interruption


HEAVY = {
    "numba",
    "sklearn",
    "matplotlib",
    "sympy",
    "rich",
    "pandas",
    "narwhals",
    "jax",
    "dask",
    "scipy.linalg",
    "scipy.optimize",
    "scipy.sparse",
    "scipy.special",
    "scipy.stats",
}


def test_importing_emkit_and_asking_for_help_stays_light():
    code = (
        "import sys, emkit, emkit.cli\n"
        "from click.testing import CliRunner\n"
        "assert CliRunner().invoke(emkit.cli.group, ['--help']).exit_code == 0\n"
        f"heavy = {HEAVY} & set(sys.modules)\n"
        "commands = {name for name in sys.modules if name.startswith('emkit.cli.')}\n"
        "print(sorted(heavy), sorted(commands))\n"
    )
    assert python("-c", code).stdout == "[] ['emkit.cli.failures']\n"


@pytest.mark.slow
def test_a_small_fit_waits_for_no_compiler():
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom emkit.cli import group\n"
        f"result = CliRunner().invoke(group, {GAUSSIANS!r})\n"
        "print(result.exit_code, sorted({'numba', 'sklearn', 'matplotlib', 'sympy', 'scipy.stats'} & set(sys.modules)))\n"
    )
    assert python("-c", code).stdout == "0 []\n"


@pytest.mark.slow
def test_interrupted_while_waiting_for_input_it_ends_with_130():
    process = subprocess.Popen(
        [sys.executable, "-m", "emkit", *NOTICES, "-k", "2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdin.write(b"deaths,days\n" + b"1,2\n" * 100_000)  # more than a pipe holds: it returns when it is being read
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)
    out, err = process.stdout.read(), process.stderr.read()
    process.stdin.close()
    process.stdout.close()
    process.stderr.close()
    assert (process.returncode, out, err.strip()) == (130, b"", b"error: interrupted.")


def on_a_terminal(args, **env):
    """What the command writes on stderr and stdout if both are terminals, and its exit code."""
    ends = pty.openpty(), pty.openpty()
    process = subprocess.Popen(
        [sys.executable, *args],
        stdin=subprocess.DEVNULL,
        stdout=ends[0][1],
        stderr=ends[1][1],
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", **env},
    )
    for _, slave in ends:
        os.close(slave)
    texts = []
    for master, _ in ends:
        text = b""
        while True:
            try:
                text += os.read(master, 65536)
            except OSError:  # the other end is closed
                break
        os.close(master)
        texts.append(text.decode())
    return process.wait(timeout=60), *texts


@pytest.mark.slow
def test_colours_on_a_terminal_unless_they_are_not_wanted():
    args = ["-m", "emkit", *GAUSSIANS, "--starts", "2"]
    code, out, _ = on_a_terminal(args)
    assert (code, "\x1b[1m" in out) == (0, True)
    code, out, _ = on_a_terminal(args, NO_COLOR="1")
    assert code == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", out)


SLOW = (
    "import time\nfrom emkit.watching import Progress\n"
    "with Progress() as progress:\n    progress.say('start 3 of 20')\n    time.sleep({seconds})\nprint('done')\n"
)


@pytest.mark.slow
def test_progress_appears_on_a_terminal_after_a_second_and_not_before():
    code, out, err = on_a_terminal(["-c", SLOW.format(seconds=4)])
    assert (code, out) == (0, "done\r\n")
    assert "start 3 of 20" in err
    code, out, err = on_a_terminal(["-c", SLOW.format(seconds=0.1)])
    assert (code, out, err) == (0, "done\r\n", "")


@pytest.mark.slow
def test_no_progress_where_stderr_is_no_terminal():
    assert python("-c", SLOW.format(seconds=1.3)).stderr == ""


def test_progress_passes_every_step_on_and_tells_lines():
    progress = Progress()
    result = ek.fit(
        ek.Mixture(ek.Poisson()),
        [1, 2, 7, 9],
        ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [5.0]])),
        watch=progress.following,
    )
    assert result.converged
    assert f"iteration {result.iterations}: {result.objective:.4f}" in progress.line()
    progress.lines(1234)
    assert "reading line 1,234" in progress.line()
