"""``emkit lessons NAME``: a lesson in words, and its page, in a file or a browser (here a command that keeps its address)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from emkit.cli import group
from emkit.cli.subjects import complete_lesson, complete_lesson_or_file
from emkit.lessons import LESSONS, two_coins


def run(*words):
    return CliRunner().invoke(group, ["lessons", *words])


def with_browser(folder, browser, *words):
    """The command in a process whose only browser is this one."""
    environment = {**os.environ, "BROWSER": browser, "PATH": str(folder), "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "emkit", "lessons", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


@pytest.fixture
def browser(tmp_path):
    """A browser that writes down the address it is given."""
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/address\n')
    script.chmod(0o755)
    return f"{script} %s"


@pytest.mark.slow
def test_the_page_of_a_lesson_is_opened(tmp_path, browser):
    said = with_browser(tmp_path, browser, "two-coins", "--open")
    assert (said.returncode, said.stdout) == (0, "")
    opened = Path(url2pathname(urlparse((tmp_path / "address").read_text().strip()).path))
    assert opened.read_text() == two_coins().to_html(tmp_path / "same.html").read_text()
    assert said.stderr.startswith(f"wrote {opened} (")


@pytest.mark.slow
def test_without_a_browser_the_page_is_there_and_it_is_told_where(tmp_path):
    page = tmp_path / "coins.html"
    said = with_browser(tmp_path, "no-such-browser", "two-coins", "--open", "--html", str(page))
    assert said.returncode == 0
    assert said.stderr.splitlines()[-1] == f"warning: there is no browser that could be opened here; open {page} in one."
    assert page.exists()


def test_a_page_is_written_and_not_opened_unless_asked(tmp_path):
    page = tmp_path / "linkage.html"
    said = run("linkage", "--html", str(page), "--json")
    assert json.loads(said.stdout)["page"] == str(page)
    assert "<html" in page.read_text()


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_told(name):
    lesson = LESSONS[name]()
    said = run(name)
    words = " ".join(said.stdout.split())
    assert (said.exit_code, said.stderr) == (0, "")
    for text in (lesson.title, lesson.story, lesson.reference, *lesson.notice):
        assert " ".join(text.split()) in words
    assert max(map(len, said.stdout.splitlines())) <= 100


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--open"], "say which lesson's page is meant: two-coins, "),
        (["--html", "page.html"], "say which lesson's page is meant: two-coins, "),
        (["two-coin"], "there is no lesson 'two-coin'; "),
        (["two-coins", "--html", "nowhere/page.html"], "cannot write 'nowhere/page.html'"),
    ],
)
def test_what_cannot_be_is_refused(words, sentence):
    said = run(*words)
    assert said.exit_code != 0
    assert f"error: {sentence}" in said.stderr


def test_a_shell_completes_lessons_and_files():
    assert complete_lesson(None, None, "two-c") == ["two-coins", "two-coins-free"]
    found = complete_lesson_or_file(None, None, "lin")
    assert [(item.value, item.type) for item in found] == [("linkage", "plain"), ("lin", "file")]


@pytest.mark.parametrize("command", ["lessons", "explain", "check", "why", "derive", "explore", "report"])
def test_every_command_with_a_lesson_completes_it(command):
    asked = ShellComplete(group, {}, "emkit", "_EMKIT_COMPLETE")
    assert "blood-groups" in [item.value for item in asked.get_completions([command], "blood")]
