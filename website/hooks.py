"""Hooks of mkdocs: pages of the repository's root, lessons that live in the site, and the figures of pages."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # mkdocs loads this file by its path
    sys.path.insert(0, str(ROOT))

from website import live  # noqa: E402
from website.copying import with_copies  # noqa: E402
from website.figures import Drawn, draw  # noqa: E402

PROJECT = {  # pages outside docs/, and where they stand in the site
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "README.md": "index.md",
    "SECURITY.md": "project/security.md",
    "VISION.md": "project/vision.md",
    "benchmarks/RESULTS.md": "project/results.md",
}
WITH_FIGURES = ("gallery.md",)
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
PROMPTS = re.compile(r"^```python\n(?=>>> )", re.MULTILINE)  # a session, which is highlighted by another name
FIRST_HEADING = re.compile(r"^# .*\n", re.MULTILINE)


def on_config(config: Any) -> Any:
    """Leave out the page for addresses that are not there: opened from a folder, it finds no style."""
    config.theme.static_templates.discard("404.html")
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add what is made: pages of the root, the pages of all lessons, and figures."""
    for source, place in PROJECT.items():
        if place.startswith("project/"):
            text = (ROOT / source).read_text(encoding="utf-8")
            files.append(File.generated(config, place, content=in_site(text, source, place)))
    about = {f"{lesson}.html": str(PurePosixPath(page).with_suffix(".html")) for page, lesson in config.extra["live"].items()}
    for name, content in live_pages().items():
        files.append(File.generated(config, f"{live.FOLDER}/{name}", content=live.in_site(content, name, about)))
    config.extra["figures"] = {}
    for page in WITH_FIGURES:
        if (file := files.get_file_from_path(page)) is not None:
            config.extra["figures"][page] = drawn = draw(file.content_string, ROOT, PurePosixPath(page).stem)
            for figure in drawn.figures:
                files.append(File.generated(config, f"figures/{figure.file}", content=figure.png))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Put figures below the code that drew them, the page of a lesson into the page about it, and name sessions."""
    path = page.file.src_uri
    drawn: Drawn | None = config.extra["figures"].get(path)
    if drawn is not None:
        markdown = drawn.shown_in(markdown, relpath("figures", PurePosixPath(path).parent))
    if path in config.extra["live"]:
        address = relpath(f"{live.FOLDER}/{config.extra['live'][path]}.html", PurePosixPath(path).parent)
        heading = FIRST_HEADING.search(markdown)
        assert heading is not None, f"{path} has no heading to put the lesson under"
        markdown = f"{markdown[: heading.end()]}\n{embedded(address)}\n{markdown[heading.end() :]}"
    return PROMPTS.sub("```pycon\n", markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Say of every session what its button copies."""
    return with_copies(html)


def embedded(address: str) -> str:
    """The page of a lesson: a link to it, and a frame where there is room."""
    return (
        f"[Step through it: the page of this lesson, live]({address}){{ .md-button }}\n\n"
        f'<iframe class="live" src="{address}" title="the lesson, step by step" loading="lazy"></iframe>\n'
    )


def live_pages() -> dict[str, str]:
    """The pages that ``emkit demo`` writes, by file name."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "emkit", "demo", "--out", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        return {page.name: page.read_text(encoding="utf-8") for page in sorted(Path(folder).glob("*.html"))}


def in_site(text: str, source: str, place: str) -> str:
    """A page of the repository with its links as they are in the site; a link to what is not in the site becomes its words."""

    def moved(link: re.Match[str]) -> str:
        words, target = link.groups()
        path, _, anchor = target.partition("#")
        if not path:
            return link.group()
        there = normpath(str(PurePosixPath(source).parent / path))
        there = PROJECT.get(there, there.removeprefix("docs/") if there.startswith("docs/") else "")
        return f"[{words}]({relpath(there, PurePosixPath(place).parent)}{'#' * bool(anchor)}{anchor})" if there else words

    return LINK.sub(moved, text)
