"""Which usual slip gives a claimed number: on its own line first, then on the lines it is worked out from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from emkit.explain.worksheet import Line, Mistake, Role, Worksheet
from emkit.formulas.expressions import Expression, Given
from emkit.formulas.numerals import show
from emkit.teach.check.claims import Claim
from emkit.teach.check.marking import Slip
from emkit.teach.check.rewrites import Rewrite, rewrites

FAR_LIMIT = 0.05  # a slip on a line that was not claimed is named only if few numbers would be explained like that
SINGLE_LIMIT = 80  # unclaimed lines above which single lines are no longer tried one by one
DECIMALS = (2, 1, 3, 4)


@dataclass(frozen=True)
class Candidate:
    """A slip to try: `replaced` lines (or `rounded` roles) give the claimed line another value. `place` is where it happens."""

    kind: Mistake
    place: Line
    what: str
    replaced: Mapping[str, Expression] = field(default_factory=dict)
    rounded: Mapping[Role, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Search:
    """The search for slips on one worksheet, where the lines `claimed` were written down by the person."""

    sheet: Worksheet
    claimed: frozenset[str]

    def find(self, claim: Claim, worlds: Iterable[Mapping[str, float]]) -> Slip | None:
        """The likeliest slip that gives the claim in one of the `worlds` (values that lines above were fixed at)."""
        fixings = list(worlds)
        cut_off = self._cut_off(claim)
        if cut_off is not None:
            return cut_off
        cells: set[int] = set()
        for tier, candidates in enumerate((self._near(claim), self._everywhere(claim), self._far(claim))):
            found: list[tuple[Candidate, Mapping[str, float]]] = []
            for candidate in candidates:
                for fixed in fixings:
                    at = self.sheet.values(fixed, candidate.replaced, candidate.rounded)
                    value = at[claim.line.name]
                    if math.isfinite(value):
                        cells.add(round(value / max(2 * claim.half_unit, 1e-9 * abs(value), 1e-300)))
                    if claim.agrees(value):
                        found.append((candidate, at))
                        break
            chance = self._coincidence(claim, len(cells), fixings[0])
            if found and (tier == 0 or chance <= FAR_LIMIT):
                return self._slip(claim, found, chance, fixings[0])
        return None

    def _coincidence(self, claim: Claim, tried: int, fixed: Mapping[str, float]) -> float:
        right = abs(self.sheet.values(fixed)[claim.line.name])
        spread = 1.0 if claim.line.probability else 2 * right
        cells = spread / max(2 * claim.half_unit, 1e-9 * right, 1e-300)
        return min(1.0, tried / cells) if cells > 0 else 1.0

    def _near(self, claim: Claim) -> Iterator[Candidate]:
        """Slips on the line itself, and on the unclaimed lines of its row."""
        line = claim.line
        yield from (_single(line, rewrite) for rewrite in rewrites(line, self.sheet))
        above = [other for other in self.sheet.above(line.name, self.claimed) if line.row is not None and other.row == line.row]
        above.sort(key=lambda other: other.component == line.component)
        for other in above:
            yield from (_single(other, rewrite) for rewrite in rewrites(other, self.sheet))
        yield from self._together(above)
        yield from self._rounded(line)

    def _everywhere(self, claim: Claim) -> Iterator[Candidate]:
        """The same slip on all unclaimed lines of a kind, of one component or of all."""
        above = self.sheet.above(claim.line.name, self.claimed)
        for role in Role:
            lines = [line for line in above if line.role is role]
            yield from self._together(lines)
            for component in sorted({line.component for line in lines if line.component is not None}):
                yield from self._together([line for line in lines if line.component == component])

    def _far(self, claim: Claim) -> Iterator[Candidate]:
        """A slip on one unclaimed line above."""
        above = self.sheet.above(claim.line.name, self.claimed)
        for line in above if len(above) <= SINGLE_LIMIT else ():
            yield from (_single(line, rewrite) for rewrite in rewrites(line, self.sheet))

    def _together(self, lines: list[Line]) -> Iterator[Candidate]:
        """The same slip on several lines at once."""
        groups: dict[str, list[tuple[Line, Rewrite]]] = {}
        for line in lines:
            for rewrite in rewrites(line, self.sheet):
                groups.setdefault(rewrite.key, []).append((line, rewrite))
        for group in groups.values():
            if len(group) > 1:
                replaced = {line.name: rewrite.expression for line, rewrite in group}
                line, rewrite = group[0]
                yield Candidate(rewrite.kind, line, f"{rewrite.what}, and so on the like lines", replaced)

    def _rounded(self, line: Line) -> Iterator[Candidate]:
        """Lines above rounded before they are used; responsibilities made all or nothing."""
        above = self.sheet.above(line.name, self.claimed)
        present = {other.role for other in above}
        if line.role is Role.LIKELIHOOD:
            return
        for role in (Role.SHARE, Role.COUNT, Role.TOTAL, Role.JOINT):
            for decimals in DECIMALS if role in present else ():
                place = next(other for other in above if other.role is role)
                yield Candidate(
                    Mistake.ROUNDED, place, f"{role.value} rounded to {decimals} decimals first", {}, {role: decimals}
                )
        soft = [other for other in above if other.role is Role.SHARE]
        if soft:
            yield Candidate(Mistake.HARD, soft[0], "each row given wholly to its likeliest component", self._hard(soft))

    def _hard(self, responsibilities: list[Line]) -> dict[str, Expression]:
        at = self.sheet.values()
        best: dict[int | None, float] = {}
        for line in self.sheet:
            if line.role is Role.SHARE:
                best[line.row] = max(best.get(line.row, 0.0), at[line.name])
        return {line.name: Given(line.name, float(at[line.name] == best[line.row])) for line in responsibilities}

    def _slip(
        self, claim: Claim, found: list[tuple[Candidate, Mapping[str, float]]], chance: float, fixed: Mapping[str, float]
    ) -> Slip:
        candidate, at = found[0]
        place, line = candidate.place, claim.line
        changed = replace(place, expression=candidate.replaced.get(place.name, place.expression))
        wrong, right = working(changed, line, at), working(place, line, self.sheet.values(fixed))
        below = line.role is Role.SHARE and place.role is Role.JOINT and place.component != line.component
        what = candidate.what + (" in the denominator" if below and len(candidate.replaced) == 1 else "")
        also = tuple(dict.fromkeys(other.kind for other, _ in found if other.kind is not candidate.kind))
        return Slip(candidate.kind, place.name, what, wrong, right, at[line.name], also, chance)

    def _cut_off(self, claim: Claim) -> Slip | None:
        right = self.sheet.values()[claim.line.name]
        unit = 10.0**-claim.decimals
        cut = math.trunc(right / unit) * unit
        if claim.half_unit == 0 or not claim.agrees(cut, 0.01):
            return None
        what = "further digits were cut off where the last one goes up"
        return Slip(Mistake.CUT_OFF, claim.line.name, what, f"{claim.name} = {claim.text}", show(right, 6), cut)


def _single(line: Line, rewrite: Rewrite) -> Candidate:
    return Candidate(rewrite.kind, line, rewrite.what, {line.name: rewrite.expression})


def working(place: Line, line: Line, at: Mapping[str, float]) -> str:
    """The arithmetic of the line `place`, and then that of the claimed `line`, with the numbers filled in."""
    shown = f"{place.name} = {place.expression.text(at)} = {show(at[place.name], 5)}"
    if place.name == line.name:
        return shown
    return f"{shown}, so {line.name} = {line.expression.text(at)} = {show(at[line.name], 5)}"
