"""The pages hold together: links lead somewhere, rooms exist, and nothing in them belongs to one machine.

(That their examples are right is tested by running them: pytest collects every page as a doctest.)
"""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "emkit"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WIDTH = 128


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get: lower case, punctuation dropped, spaces to hyphens."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for target in LINK.findall(prose(page)):
            yield page, target


@pytest.mark.parametrize(
    ("page", "target"), list(links()), ids=lambda value: named(value) if isinstance(value, Path) else value
)
def test_links_lead_somewhere(page, target):
    path, _, anchor = target.partition("#")
    assert "://" not in target, "pages link to other pages of the project only: a reader may be offline"
    there = (page.parent / path).resolve() if path else page
    assert there.is_relative_to(ROOT)
    assert there.exists(), f"{named(page)} links to {target}, which does not exist"
    assert not anchor or anchor in anchors(there), f"{named(page)} links to #{anchor}; {named(there)} has {anchors(there)}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_belongs_to_one_machine(page):
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(home|root|tmp|work|Users|usr|opt)/", text), "a path of somebody's machine"
    assert not re.search(r"\b(py[p]i\.org|python[h]osted\.org|shields\.io|badge|index-url)\b", text), "a registry or badge host"
    assert not re.search(r"https?://", text), "pages stand on their own, without a network"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_lines_fit_a_screen(page):
    long = [line for line in page.read_text(encoding="utf-8").splitlines() if len(line) > WIDTH and not line.startswith("|")]
    assert long == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_python_in_pages_is_run(page):
    """A ```python block without prompts would look like an example and never be tested."""
    for language, block in FENCE.findall(page.read_text(encoding="utf-8")):
        assert language != "python" or doctest.DocTestParser().get_examples(block), block


def test_the_readers_own_model_is_small_and_whole():
    page = (ROOT / "docs" / "write_your_own_model.md").read_text(encoding="utf-8")
    block = next(block for language, block in FENCE.findall(page) if language == "python")
    source = "".join(example.source for example in doctest.DocTestParser().get_examples(block))
    tree = ast.parse(source)
    bases = {ast.unparse(base) for node in tree.body if isinstance(node, ast.ClassDef) for base in node.bases}
    assert {"ek.Parameters", "ek.Additive"} <= bases
    assert any(base.startswith("ek.LatentModel") for base in bases)
    assert len(block.splitlines()) <= 40, "the page promises a model in 40 lines"


def test_every_room_is_on_the_map():
    """A new package or a new file on the ground level of the source needs a line in docs/architecture.md."""
    rooms = {f"{path.parent.relative_to(SOURCE).parts[0]}/" for path in SOURCE.rglob("*.py") if path.parent != SOURCE}
    rooms |= {path.name for path in SOURCE.glob("*.py") if not path.name.startswith("__")}
    page = prose(ROOT / "docs" / "architecture.md")
    assert sorted(room for room in rooms if f"`{room}" not in page) == []


def test_the_map_names_no_room_that_is_not_there():
    text = prose(ROOT / "docs" / "architecture.md")
    files = set(re.findall(r"`([\w/]+\.py)`", text))
    there = [path.relative_to(ROOT).as_posix() for folder in (SOURCE, ROOT / "website") for path in folder.rglob("*.py")]
    assert sorted(name for name in files if not any(path == name or path.endswith("/" + name) for path in there)) == []
