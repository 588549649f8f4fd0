"""Figures that the code of a page draws: its examples are run from first to last, as by a doctest."""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BLOCK = re.compile(r"^```python\n(?P<code>>>> .*?)^```$", re.MULTILINE | re.DOTALL)
DPI = 110


@dataclass(frozen=True)
class Figure:
    """The `number`-th block of a page drew this: its `file` name, and the picture."""

    number: int
    file: str
    title: str
    png: bytes


@dataclass(frozen=True)
class Drawn:
    """The figures of a page, in the order of its blocks."""

    figures: tuple[Figure, ...]

    def shown_in(self, markdown: str, folder: str) -> str:
        """The page with every figure below the block that drew it."""
        below: dict[int, str] = {}
        for figure in self.figures:
            below[figure.number] = below.get(figure.number, "") + f"\n\n![{figure.title}]({folder}/{figure.file})"
        numbers = iter(range(len(BLOCK.findall(markdown))))
        return BLOCK.sub(lambda block: block.group() + below.get(next(numbers), ""), markdown)


def draw(markdown: str, root: Path, stem: str) -> Drawn:
    """Run the examples of a page in a folder of their own, and keep what they draw.

    Errors: RuntimeError for an example that prints what the page does not say: its figure would not be the page's either.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    heading, figures, names = "", [], {"__name__": "__main__"}
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "data").symlink_to(root / "tests" / "oracles" / "data")
        os.chdir(folder)
        try:
            for number, block in enumerate(BLOCK.finditer(markdown)):
                headings = re.findall(r"^##+ (.*)$", markdown[: block.start()], re.MULTILINE)
                heading = headings[-1] if headings else stem
                run(block["code"], names)
                for place, figure in enumerate(map(plt.figure, plt.get_fignums())):
                    picture = io.BytesIO()
                    figure.savefig(picture, dpi=DPI, bbox_inches="tight", metadata={"Software": None})
                    figures.append(Figure(number, f"{stem}-{number:02d}-{place}.png", heading, picture.getvalue()))
                plt.close("all")
        finally:
            os.chdir(here)
    return Drawn(tuple(figures))


def run(code: str, names: dict[str, Any]) -> None:
    """Run the examples of one block in `names`, and hold them to what they say is printed."""
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    test = doctest.DocTest(doctest.DocTestParser().get_examples(code), names, "block", None, 0, code)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        failed = doctest.DocTestRunner(optionflags=flags, verbose=False).run(test, out=said.write, clear_globs=False).failed
    names.update(test.globs)
    if failed:
        raise RuntimeError(said.getvalue())
