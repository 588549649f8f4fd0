"""A derivation as a value: sentences and formulas in order, and what they lead to. Rendered as text, Markdown or LaTeX."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

WIDTH = 100
LATEX_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    c: "\\" + c for c in "&%$#_{}"
}
MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>$])")


@dataclass(frozen=True)
class Step:
    """One step: a `sentence`, whose fields such as ``{r}`` stand for formulas in `terms`, and the `formulas` it leads to."""

    sentence: str
    formulas: tuple[Any, ...] = ()
    terms: Mapping[str, Any] = field(default_factory=dict)

    def said(self, inline: Callable[[Any], str], escape: Callable[[str], str]) -> str:
        """The sentence, its words escaped and its terms rendered by `inline`."""
        parts = re.split(r"\{(\w+)\}", self.sentence)
        return "".join(inline(self.terms[part]) if n % 2 else escape(part) for n, part in enumerate(parts))


@dataclass(frozen=True)
class Solved:
    """What a derivation found for one parameter.

    `entry` is emkit's name of the parameter (``rates``), `symbol` that of the formulas. `condition` is the expression that
    is zero at the maximum, `value` the solution (None where there is no closed form); both are written in sums over rows.
    """

    entry: str
    symbol: Any
    condition: Any
    value: Any | None


@dataclass(frozen=True)
class Derivation:
    """How an M-step follows from the likelihood, step by step; every formula is a SymPy expression.

    ``print(derivation)`` shows it as text; a notebook shows its formulas.
    """

    name: str
    title: str
    steps: tuple[Step, ...]
    solutions: tuple[Solved, ...]

    def __getitem__(self, entry: str) -> Solved:
        for solved in self.solutions:
            if entry in (solved.entry, str(solved.symbol)):
                return solved
        raise KeyError(f"{entry!r} is not derived here; there are {', '.join(s.entry for s in self.solutions)}")

    def __str__(self) -> str:
        return self.to_text()

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def to_text(self) -> str:
        """Plain text with formulas drawn in Unicode characters."""
        from emkit.derivations.printing import drawn, one_line

        lines = [self.title, "=" * len(self.title)]
        for number, step in enumerate(self.steps, 1):
            lines += ["", *textwrap.wrap(f"{number}. {step.said(one_line, str)}", WIDTH, subsequent_indent="   ")]
            for formula in step.formulas:
                lines += ["", *(f"      {line}".rstrip() for line in drawn(formula))]
        return "\n".join(lines) + "\n"

    def to_markdown(self) -> str:
        """Markdown with formulas in LaTeX between dollar signs."""
        from emkit.derivations.printing import latex

        blocks = [f"## {_markdown(self.title)}"]
        for number, step in enumerate(self.steps, 1):
            blocks.append(f"{number}. {step.said(lambda term: f'${latex(term)}$', _markdown)}")
            blocks += [f"   $$\n   {latex(formula)}\n   $$" for formula in step.formulas]
        return "\n\n".join(blocks) + "\n"

    def to_latex(self) -> str:
        """A LaTeX section (needs amsmath)."""
        from emkit.derivations.printing import latex

        lines = [rf"\section*{{{_escaped(self.title)}}}", r"\begin{enumerate}"]
        for step in self.steps:
            lines.append(rf"\item {step.said(lambda term: f'${latex(term)}$', _escaped)}")
            lines += [f"\\[\n{latex(formula)}\n\\]" for formula in step.formulas]
        return "\n".join([*lines, r"\end{enumerate}"]) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """The same in plain values for JSON: sentences, and formulas as LaTeX, MathML and text."""
        from emkit.derivations.printing import one_line

        return {
            "name": self.name,
            "title": self.title,
            "steps": [
                {"sentence": step.said(one_line, str), "formulas": [_every_way(formula) for formula in step.formulas]}
                for step in self.steps
            ],
            "solutions": [
                {
                    "parameter": solved.entry,
                    "symbol": str(solved.symbol),
                    "value": None if solved.value is None else _every_way(solved.value),
                }
                for solved in self.solutions
            ],
        }


def _every_way(formula: Any) -> dict[str, str]:
    from emkit.derivations.printing import drawn, latex, mathml

    return {"latex": latex(formula), "mathml": mathml(formula), "text": "\n".join(drawn(formula))}


def _escaped(words: str) -> str:
    return "".join(LATEX_SPECIAL.get(letter, letter) for letter in words)


def _markdown(words: str) -> str:
    return MARKDOWN_SPECIAL.sub(r"\\\1", words)
