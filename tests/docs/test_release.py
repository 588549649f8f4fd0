"""One version everywhere, and what an archive must hold."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import emkit as ek

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def first(pattern: str, file: str) -> str:
    found = re.search(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, f"{file} names no version"
    return found.group(1)


def test_one_version_everywhere():
    assert PROJECT["project"]["version"] == ek.__version__
    assert first(r"^version: (.+)$", "CITATION.cff") == ek.__version__
    assert first(r"^## \[(\d.*?)\]", "CHANGELOG.md") == ek.__version__


def test_the_source_archive_names_what_is_there():
    included = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert [path for path in included if not list(ROOT.glob(path.lstrip("/")))] == []


def test_tests_need_no_tools_of_the_site_or_of_releases():
    extras = PROJECT["project"]["optional-dependencies"]
    heavy = [name for name in [*extras["test"], *PROJECT["project"]["dependencies"]] if re.match(r"mkdocs|build|twine", name)]
    assert heavy == []
    assert not any(re.match(r"emkit\[.*\b(docs|dist)\b", extra) for extra in extras["test"])
