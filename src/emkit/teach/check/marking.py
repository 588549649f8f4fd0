"""What a check finds: a mark for every claim, and all of them together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from emkit.core.json_types import Json
from emkit.explain.numbers import paragraph
from emkit.explain.worksheet import Mistake
from emkit.formulas.numerals import show

WIDTH = 100  # characters of a line
DOUBTFUL = 0.1  # above this chance of coincidence a reader is told


class Verdict(Enum):
    """Right; wrong in its own right; or worked out correctly from a wrong number above."""

    RIGHT = "right"
    WRONG = "wrong"
    CARRIED = "carried"


@dataclass(frozen=True)
class Slip:
    """A usual slip that gives the claimed number.

    `line` is where it happened (the claimed line or one above it) and `what` it was; `wrong` and `right` are the
    arithmetic of that line with it and without it; `value` is the number it gives for the claimed line, with all digits.
    `also` are other kinds of slip that give the same number. `coincidence` is the share of the numbers with as many
    digits that one of the slips tried would give: how little it takes to be explained.
    """

    kind: Mistake
    line: str
    what: str
    wrong: str
    right: str
    value: float
    also: tuple[Mistake, ...] = ()
    coincidence: float = 0.0

    @property
    def sentence(self) -> str:
        """What went wrong."""
        return f"{self.kind.value}: {self.what}"

    def __str__(self) -> str:
        """What went wrong, then the wrong arithmetic above the right one."""
        lines = [self.sentence, f"wrong: {self.wrong}", f"right: {self.right}"]
        if self.also:
            lines.append(f"the same number would come from: {'; '.join(kind.value for kind in self.also)}")
        if self.coincidence > DOUBTFUL:
            lines.append(f"(with so few digits, {self.coincidence:.0%} of all numbers would fit some slip)")
        return "\n".join(lines)


@dataclass(frozen=True)
class Mark:
    """The mark of one claim: what was claimed under which name, what is right (`exact`, if a short fraction), and why."""

    name: str
    claimed: str
    right: float
    verdict: Verdict
    slip: Slip | None = None
    explanation: str = ""
    exact: Fraction | None = None
    digits: int = 4
    where: str = ""

    @property
    def right_text(self) -> str:
        """The right number with a few more digits than were claimed, and as a fraction."""
        exact = f" ({self.exact})" if self.exact is not None and self.exact.denominator > 1 else ""
        return f"{self.right:.{self.digits}f}{exact}"

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        slip = self.slip and {
            "kind": self.slip.kind.name.lower(),
            "line": self.slip.line,
            "what": self.slip.what,
            "wrong": self.slip.wrong,
            "right": self.slip.right,
            "value": self.slip.value,
            "also": [kind.name.lower() for kind in self.slip.also],
            "coincidence": self.slip.coincidence,
        }
        return {
            "name": self.name,
            "claimed": self.claimed,
            "right": self.right,
            "exact": str(self.exact) if self.exact is not None else None,
            "verdict": self.verdict.value,
            "slip": slip,
            "explanation": self.explanation,
            "where": self.where,
        }

    def __str__(self) -> str:
        sign = "ok" if self.verdict is Verdict.RIGHT else " x"
        verb = f"printed {self.claimed} ({self.where})" if self.where else f"claimed {self.claimed}"
        head = f"{sign}  {self.name}: {verb}, right {self.right_text}."
        if self.slip is None:
            return f"{head}  {self.explanation}".rstrip()
        return "\n      ".join([head, self.explanation, *str(self.slip).splitlines()[1:]])


@dataclass(frozen=True)
class Marking:
    """The marks of all claims about one step of a lesson, in the order in which the step is worked out."""

    lesson: str
    step: int
    lines: tuple[Mark, ...]
    remarks: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every claim is right."""
        return all(mark.verdict is Verdict.RIGHT for mark in self.lines)

    @property
    def first_mistake(self) -> Mark | None:
        """The first claim that is wrong in its own right; None if there is none."""
        return next((mark for mark in self.lines if mark.verdict is Verdict.WRONG), None)

    def __getitem__(self, name: str) -> Mark:
        """The mark of the claim made under that name. Errors: KeyError naming those that were made."""
        for mark in self.lines:
            if mark.name == name:
                return mark
        raise KeyError(f"nothing was claimed about {name!r}, only about {', '.join(mark.name for mark in self.lines)}")

    def to_dict(self) -> Json:
        """Plain values for JSON."""
        first = self.first_mistake
        return {
            "lesson": self.lesson,
            "step": self.step,
            "ok": self.ok,
            "first_mistake": first.name if first is not None else None,
            "lines": [mark.to_dict() for mark in self.lines],
            "remarks": list(self.remarks),
        }

    def __str__(self) -> str:
        right = sum(mark.verdict is Verdict.RIGHT for mark in self.lines)
        head = f"{self.lesson}, step {self.step}: {right} of {len(self.lines)} numbers right."
        first = self.first_mistake
        if first is not None:
            head += f" The first mistake is {first.name}."
        lines = [head, *map(str, self.lines), *(f" !  {remark}" for remark in self.remarks)]
        return "\n".join(paragraph(line, WIDTH, rest=" " * 6) for line in "\n".join(lines).splitlines())


def shown_digits(right: float, half_unit: float) -> int:
    """How many decimals to show of a right number: at least four significant digits, and one more than was claimed."""
    claimed = 0 if half_unit == 0 else len(show(2 * half_unit).partition(".")[2]) + 1
    return min(12, max(4, claimed)) if abs(right) < 100 else max(2, min(6, claimed))
