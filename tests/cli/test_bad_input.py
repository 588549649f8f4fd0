"""Whatever a user hands to the command line: one clear sentence, the right exit code, no traceback, nothing on stdout."""

import json
import os
import subprocess
import sys
from contextlib import redirect_stdout

import pytest
from click.testing import CliRunner

from emkit.cli import group
from emkit.cli.failures import UnwrittenError, exit_code_of, leave_unwritten, screen_of
from emkit.families import FAMILIES

START = {"proportions": [0.5, 0.5], "components": {"rates": [[1.0], [4.0]]}}
COUNTS = "deaths,days,place\n0,162,a\n1,267,a\n2,271,b\n3,185,b\n"
POISSON = ["--model", "poisson", "-k", "2", "--columns", "deaths"]


def run(args, text=COUNTS):
    data = text if isinstance(text, bytes) else text.encode()
    return CliRunner().invoke(group, ["fit", "-", *args], input=data)


def assert_refused(result, code, sentence):
    assert result.stderr.splitlines()[0] == f"error: {sentence}"
    assert (result.exit_code, result.stdout) == (code, "")
    assert isinstance(result.exception, SystemExit)


def start(**changes):
    """The good start with some parts replaced (None: left out), as JSON."""
    return json.dumps({name: value for name, value in {**START, **changes}.items() if value is not None})


BAD_DATA = {
    "empty": ("", POISSON, "the input is empty: a header line and at least one row are needed."),
    "header only": ("deaths\n", POISSON, "the input has a header line but no rows below it."),
    "ragged": ("deaths,x\n1,2\n3\n", POISSON, "line 3 has 1 field, but the header names 2 columns."),
    "text": (
        "deaths,place\n1,a\n",
        ["--model", "poisson", "-k", "1"],
        "line 2, column 'place' is 'a'; it must be a number. Choose the columns to use with --columns.",
    ),
    "blank": (
        "deaths,x\n1,2\n,3\n",
        ["--model", "multinomial", "-k", "1"],  # of which no cell may be missing
        "line 3, column 'deaths' is ''; missing values are not admitted here. Remove or fill in such rows first.",
    ),
    "NaN": (
        "deaths,x\n1,2\nNaN,3\n",
        ["--model", "multinomial", "-k", "1"],
        "line 3, column 'deaths' is 'NaN'; missing values are not admitted here. Remove or fill in such rows first.",
    ),
    "infinite": ("deaths\n1\ninf\n", POISSON, "line 3, column 'deaths' is 'inf'; every value must be a finite number."),
    "negative": ("deaths\n1\n\n-3\n", POISSON, "line 4, column 'deaths' is -3; Poisson counts must be whole numbers >= 0."),
    "fractional": ("deaths\n1\n2.5\n", POISSON, "line 3, column 'deaths' is 2.5; Poisson counts must be whole numbers >= 0."),
    "neither 0 nor 1": (
        "yes\n0\n2\n",
        ["--model", "bernoulli", "-k", "2"],
        "line 3, column 'yes' is 2; a Bernoulli column holds only 0 and 1.",
    ),
    "heads > tosses": (
        "heads,tosses\n5,10\n11,10\n",
        ["--model", "binomial", "-k", "2"],
        "line 3, column 'heads' is 11, more than the 10 trials in column 'tosses'; there cannot be more successes than trials.",
    ),
    "heads > --trials": (
        "heads\n5\n11\n",
        ["--model", "binomial", "-k", "2", "--trials", "10"],
        "line 3, column 'heads' is 11; there cannot be more successes than the 10 trials.",
    ),
    "one binomial column": (
        "heads\n5\n7\n",
        ["--model", "binomial", "-k", "2"],
        "binomial data are two columns, successes and trials, and not 'heads'. Choose two with --columns, or say with --trials "
        "how many there were in every row.",
    ),
    "zero amount": (
        "rain\n1.5\n0\n",
        ["--model", "gamma", "-k", "1"],
        "line 3, column 'rain' is 0; gamma amounts must be numbers > 0.",
    ),
    "only zeros": (
        "hours\n0\n0\n",
        ["--model", "exponential", "-k", "1"],
        "column 'hours' holds only zeros; its exponential rate would be infinite. Leave the column out.",
    ),
    "k > distinct rows": (
        "deaths\n1\n1\n2\n",
        ["--model", "poisson", "-k", "3"],
        "3 components were asked for but there are only 2 different rows; use at most 2.",
    ),
    "unknown column": (
        COUNTS,
        ["--model", "poisson", "-k", "2", "--columns", "death"],
        "there is no column 'death'; the columns are 'deaths', 'days', 'place'. Did you mean 'deaths'?",
    ),
    "unknown weights": (
        COUNTS,
        [*POISSON, "--weights", "w"],
        "there is no column 'w'; the columns are 'deaths', 'days', 'place'.",
    ),
    "text weights": (
        COUNTS,
        [*POISSON, "--weights", "place"],
        "line 2, column 'place' is 'a'; it must be a number. Choose the columns to use with --columns.",
    ),
    "negative weights": (
        "deaths,days\n1,2\n2,-1\n",
        [*POISSON, "--weights", "days"],
        "the weight of line 3 is -1; weights must be finite numbers >= 0.",
    ),
    "no weight": (
        "deaths,days\n1,0\n2,0\n",
        [*POISSON, "--weights", "days"],
        "the weights are all zero: there is nothing to fit.",
    ),
    "not UTF-8": (
        b"deaths\n1\n\xff\n",
        POISSON,
        "line 3 is not UTF-8: byte 0xff at position 1 cannot be decoded. Save the file as CSV (UTF-8).",
    ),
    "NUL": (
        b"deaths\n1\n\0\n",
        POISSON,
        "line 3 holds a NUL byte, so this is not a CSV file in UTF-8. Save it as CSV (UTF-8).",
    ),
    "same name twice": ("deaths,deaths\n1,2\n", POISSON, "columns 1 and 2 are both called 'deaths'; give each its own name."),
    "too many columns": (
        ",".join(f"c{j}" for j in range(1_000_000)) + "\n",
        POISSON,
        "the header has 1,000,000 columns; at most 100,000 are read.",
    ),
    "one enormous line": (
        b"1" * (17 << 20),
        POISSON,
        "line 1 is longer than 16 MiB, the most that is read; is this a CSV file with one row a line?",
    ),
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_bad_data_end_with_exit_code_4(name):
    text, args, sentence = BAD_DATA[name]
    assert_refused(run(args, text), 4, sentence)


BAD_USAGE = {
    "no model": (
        ["-k", "2"],
        "say what one component looks like: --model FAMILY for all columns, or --column NAME=FAMILY for each.",
    ),
    "no k": (["--model", "poisson"], "say how many components to fit: -k 2."),
    "k = 0": (["--model", "poisson", "-k", "0"], "Invalid value for '-k': 0 components cannot be; give a whole number >= 1."),
    "k < 0": (["--model", "poisson", "-k", "-2"], "Invalid value for '-k': -2 components cannot be; give a whole number >= 1."),
    "fractional k": (["--model", "poisson", "-k", "2.5"], "Invalid value for '-k': '2.5' is not a whole number."),
    "text k": (["--model", "poisson", "-k", "two"], "Invalid value for '-k': 'two' is not a whole number."),
    "range": (
        ["--model", "poisson", "-k", "1:5"],
        "Invalid value for '-k': 1:5 is a range; give one number, or compare numbers of components with `emkit select`.",
    ),
    "unknown family": (
        ["--model", "possion", "-k", "2"],
        f"there is no family 'possion'; the families are {', '.join(FAMILIES)}. Did you mean 'poisson'?",
    ),
    "trials": ([*POISSON, "--trials", "3"], "--trials is for binomial and multinomial, not for poisson."),
    "tol": ([*POISSON, "--tol", "nan"], "tol is nan; it must be a number >= 0 (in units of log-likelihood)."),
    "no budget": ([*POISSON, "--max-evaluations", "0"], "--max-evaluations is 0; at least 1 pass over the data is needed."),
    "both starts": ([*POISSON, "--start", "{}", "--starts", "3"], "--start gives the one start there is; leave out --starts."),
    "no such file": (
        [*POISSON, "--start", "nowhere.json"],
        "--start: 'nowhere.json' is neither JSON, which begins with {, nor a file (No such file or directory).",
    ),
    "no JSON": (
        [*POISSON, "--start", "{oops"],
        "--start is not JSON: Expecting property name enclosed in double quotes in line 1, column 2.",
    ),
    "no numbers": (
        [*POISSON, "--start", start(components={"rates": [["a"], [4]]})],
        "--start: components.rates is [['a'], [4]]; it must be numbers, of shape (2, 1).",
    ),
    "half a start": (
        [*POISSON, "--start", start(components=None)],
        "--start: components.rates is missing; give proportions, components.rates.",
    ),
    "another family's start": (
        [*POISSON, "--start", start(components={"means": [[1], [4]]})],
        "--start: there is no parameter 'components.means'; there are proportions, components.rates.",
    ),
    "shape": (
        [*POISSON, "--start", start(components={"rates": [1, 4]})],
        "--start: components.rates has shape (2,); it must have shape (2, 1).",
    ),
    "outside": (
        [*POISSON, "--start", start(components={"rates": [[1], [-4]]})],
        "--start: rates[1, 0] is -4; it must be >= 0.",
    ),
    "proportions": (
        [*POISSON, "--start", start(proportions=[0.5, 0.6])],
        "--start: proportions sums to 1.1; proportions must be >= 0 and sum to 1.",
    ),
    "not finite": (
        [*POISSON, "--start", start(components={"rates": [[1], [float("inf")]]})],
        "--start: rates[1, 0] is inf; parameters must be finite numbers.",
    ),
    "k and start": (
        ["--model", "poisson", "-k", "3", "--columns", "deaths", "--start", start()],
        "--start has 2 proportions, but -k says 3 components.",
    ),
}


@pytest.mark.parametrize("name", BAD_USAGE)
def test_wrong_usage_ends_with_exit_code_2(name):
    args, sentence = BAD_USAGE[name]
    assert_refused(run(args), 2, sentence)


def test_a_start_nested_too_deeply():
    result = run([*POISSON, "--start", '{"proportions": ' + "[" * 100_000])
    assert_refused(result, 2, "--start is not a start: it is nested too deeply.")


def test_an_impossible_start_is_refused():
    text = "yes\n0\n1\n"
    impossible = json.dumps({"proportions": [0.5, 0.5], "components": {"probabilities": [[1.0], [1.0]]}})
    result = run(["--model", "bernoulli", "--start", impossible], text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "probability 0 under every latent state" in result.stderr


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["nonsense"], "No such command 'nonsense'."),
        (["fit"], "Missing argument 'FILES...'."),
        (["--bogus"], "No such option '--bogus'."),
    ],
)
def test_wrong_commands(args, sentence):
    result = CliRunner().invoke(group, args)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == f"error: {sentence}"
    assert result.stderr.splitlines()[1].endswith("--help'.")


def process(*args, text=b""):
    return subprocess.run([sys.executable, "-m", "emkit", *args], input=text, capture_output=True, timeout=120, check=False)


@pytest.mark.slow
def test_real_processes_say_it_in_one_line_without_a_traceback(tmp_path):
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("a,b\n1,2\n3\n")
    fit = ["--model", "gaussian", "-k", "1"]
    instead = "give a file, a folder, or a pattern, 'data/*.parquet'."
    too_many = "9 components were asked for but there are only 2 different rows; use at most 2."
    for args, text, code, sentence in [
        (["nowhere.csv", *fit], b"", 4, "there is no file 'nowhere.csv'."),
        ([str(tmp_path), *fit], b"", 4, f"there are no Parquet files at {tmp_path}; {instead}"),
        ([str(ragged), *fit], b"", 4, "line 3 has 1 field, but the header names 2 columns."),
        (["-", *fit], b"", 4, "the input is empty: a header line and at least one row are needed."),
        (["-", *fit, "-k", "9"], b"a\n1\n2\n", 4, too_many),
        (["-", "--model", "no", "-k", "1"], b"", 2, f"there is no family 'no'; the families are {', '.join(FAMILIES)}."),
    ]:
        ended = process("fit", *args, text=text)
        assert ended.stderr.decode().splitlines() == [f"error: {sentence}"]
        assert (ended.returncode, ended.stdout) == (code, b"")


def test_what_fails_elsewhere_in_the_system_is_not_told_as_output_that_cannot_be_written(capsys):
    def runs_out_of_files():
        raise OSError(24, "Too many open files")

    def is_not_heard():
        raise UnwrittenError(28, "No space left on device")

    assert exit_code_of(runs_out_of_files) == 1
    assert capsys.readouterr().err == "error: the system refused what is needed: Too many open files.\n"
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        assert exit_code_of(is_not_heard) == 4
    assert capsys.readouterr().err == "error: the output cannot be written: No space left on device.\n"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the file is closed before the screen goes
def test_a_screen_writes_what_it_is_given_and_tells_its_own_faults(tmp_path):
    with open(tmp_path / "out", "w", encoding="ascii") as stream:
        print("naïve", file=screen_of(stream), flush=True)
    assert (tmp_path / "out").read_bytes() == b"na\\xefve\n"
    with open(tmp_path / "out") as stream:  # for reading
        screen = screen_of(stream)
        with pytest.raises(UnwrittenError):
            print("x", file=screen, flush=True)
        leave_unwritten(screen)
