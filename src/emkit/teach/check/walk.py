"""Marking a person's numbers: line by line, in the order in which the step is worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emkit.explain.subject import Subject
from emkit.explain.worksheet import Line, Mistake, Role, Worksheet, worksheet
from emkit.teach.check.claims import Claim, read_claims
from emkit.teach.check.explanations_of_slips import Search, working
from emkit.teach.check.likelihood import blind_to
from emkit.teach.check.marking import Mark, Marking, Slip, Verdict, shown_digits

E_STEP = (Role.DENSITY, Role.FORWARD, Role.SCALE, Role.BACKWARD, Role.JOINT, Role.SHARE, Role.PAIR)
ONE_DIGIT = 3.0  # in half units: rounded numbers above may shift the last digit by one


def check_work(lesson: Subject, claims: Mapping[str, object], step: int = 1) -> Marking:
    """Mark numbers that somebody worked out for one EM step of a lesson.

    `claims` maps names of the worksheet (``r[1]``, ``heads_A``, ``theta_A``, ``log_likelihood`` ...) to numbers: floats, or
    the text as written ("0.80"), whose digits say how exactly it is meant, or fractions ("27/31"). A number is right if it
    is the right value rounded to the digits written; the last digit may be off by one where it was worked out from the
    numbers above as they are written. Of a wrong one it is said which usual slip gives it, on which line; later numbers
    that follow from it are "carried".
    Errors: ModelError for a name that is not on the worksheet (it lists those that are); ParameterError for what is no number.

    The share of coin A in row 2, right to the two digits that the tutorial prints, and a chance of heads that is not:

    >>> import emkit as ek
    >>> marking = ek.check_work(ek.lessons.two_coins(), {"r[2]": "0.80", "theta_A": "0.66"})
    >>> [(mark.name, mark.verdict.name, round(mark.right, 4)) for mark in marking.lines]
    [('r[2]', 'RIGHT', 0.805), ('theta_A', 'WRONG', 0.713)]
    """
    sheet = worksheet(lesson, step)
    return _mark(lesson, sheet, read_claims(sheet, claims))


def check_printed(lesson: Subject, step: int = 1) -> Marking:
    """Mark the numbers that the source of a lesson prints."""
    sheet = worksheet(lesson, step)
    where = {printed.name: printed.where for printed in lesson.printed}
    return _mark(lesson, sheet, read_claims(sheet, {printed.name: printed.text for printed in lesson.printed}, where))


def _mark(lesson: Subject, sheet: Worksheet, claims: tuple[Claim, ...]) -> Marking:
    walk = _Walk(sheet, claims)
    marks = tuple(walk.mark(claim) for claim in claims)
    slip = next((mark.slip for mark in marks if mark.verdict is Verdict.WRONG), None)
    in_e_step = slip is not None and sheet[slip.line].role in E_STEP
    return Marking(lesson.name, sheet.step, marks, blind_to(lesson, sheet, walk.slipped) if in_e_step else ())


@dataclass
class _Walk:
    """The state of a walk down the worksheet: what was written so far, and what follows from it."""

    sheet: Worksheet
    claims: tuple[Claim, ...]
    written: dict[str, float] = field(default_factory=dict)
    mistaken: dict[str, float] = field(default_factory=dict)
    slipped: dict[str, float] = field(default_factory=dict)
    rounding: bool = False  # a number was already lost to rounding: then a last digit is no longer excused

    def __post_init__(self) -> None:
        self.right = self.sheet.values()
        self.fractions = self.sheet.fractions()

    def mark(self, claim: Claim) -> Mark:
        """Mark one claim and remember what it means for those below."""
        verdict, slip, why = self._judge(claim)
        name = claim.line.name
        self.written[name] = claim.value
        if verdict is not Verdict.RIGHT:
            self.mistaken[name] = claim.value
        if verdict is Verdict.WRONG:
            self.rounding |= slip is not None and slip.kind is Mistake.ROUNDED
            self.slipped[name] = slip.value if slip is not None else claim.value
        right = self.right[name]
        digits = shown_digits(right, claim.half_unit)
        return Mark(claim.name, claim.text, right, verdict, slip, why, self.fractions.get(name), digits, claim.where)

    def _judge(self, claim: Claim) -> tuple[Verdict, Slip | None, str]:
        right = self.right[claim.line.name]
        if claim.agrees(right):
            return Verdict.RIGHT, None, ""
        source = self._mistake_above(claim.line)
        worlds = self._worlds(source is not None)
        values = [self.sheet.values(world)[claim.line.name] for world in worlds]
        if source is not None and any(claim.agrees(value) for value in values):
            return Verdict.CARRIED, None, f"Carried from {source}."
        if (
            source is None
            and not self.rounding
            and claim.agrees(right, ONE_DIGIT)
            and any(claim.agrees(value) for value in values)
        ):
            return Verdict.RIGHT, None, "The last digit comes from the rounded numbers above."
        slip = self._slip(claim, worlds, values)
        why = slip.sentence if slip is not None else "No usual slip gives this number."
        return Verdict.WRONG, slip, " ".join(filter(None, (_outside(claim), why)))

    def _slip(self, claim: Claim, worlds: list[dict[str, float]], values: list[float]) -> Slip | None:
        for world, value in zip(worlds[1:], values[1:], strict=True):
            if claim.agrees(value):  # nothing above is wrong, and yet the last digits are: they were lost on the way
                what = "worked out from the numbers above as they are written"
                wrong, right = (working(claim.line, claim.line, at) for at in (self.sheet.values(world), self.right))
                return Slip(Mistake.ROUNDED, claim.line.name, what, wrong, right, value)
        return Search(self.sheet, frozenset(self.written)).find(claim, worlds)

    def _worlds(self, mistaken: bool) -> list[dict[str, float]]:
        """What the lines above may have been when this one was worked out: exact or slipped, mistaken only, as written."""
        possible = [self.slipped, self.mistaken, self.written] if mistaken else [{}, self.written]
        distinct: list[dict[str, float]] = []
        for fixed in possible:
            completed = self.sheet.completed(fixed)
            if completed not in distinct:
                distinct.append(completed)
        return distinct

    def _mistake_above(self, line: Line) -> str | None:
        """The first claim that `line` depends on and that is not right, by the name it was claimed under."""
        above = {other.name for other in self.sheet.above(line.name)}
        rows = {other.row for other in self.sheet.above(line.name) if other.role is Role.SHARE}
        if line.role is Role.SHARE:
            rows.add(line.row)
        for claim in self.claims:
            name = claim.line.name
            sibling = claim.line.role is Role.SHARE and claim.line.row in rows
            if name in self.mistaken and (name in above or sibling):
                return claim.name
        return None


def _outside(claim: Claim) -> str:
    if claim.line.probability and not 0 <= claim.value <= 1:
        return f"A probability cannot be {claim.text}: it lies between 0 and 1."
    if claim.line.role not in (Role.UPDATE, Role.LIKELIHOOD) and claim.value < 0:
        return f"{claim.name} cannot be negative."
    return ""
