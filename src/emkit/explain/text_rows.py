"""The rows of an explanation as tables: responsibilities, and what they make of the counts."""

from __future__ import annotations

import math
from collections.abc import Iterator

from emkit.explain.latent import assignment_of
from emkit.explain.numbers import LEFT, RIGHT, paragraph, table, table_width
from emkit.explain.own_words import in_own_words
from emkit.explain.rows import Row, RowTable, written
from emkit.explain.subject import Subject
from emkit.explain.wording import wording
from emkit.explain.worked import WorkedStep
from emkit.formulas.numerals import count, four_decimals, plain, significant

MOST_SUMS = 24
UNDERFLOW = -650.0  # below this a joint probability is shown by its logarithm
SUM = "sum"
Table = tuple[list[str], list[list[str]], str]


def rows_section(found: RowTable, explanation: WorkedStep, width: int) -> str:
    """The E-step: joint probabilities and responsibilities of every row shown."""
    said, states = wording(explanation), explanation.step.components
    all_possible = all(len(row.states) == len(states) for row in found.rows)
    candidates = [_wide(found, explanation, joints) for joints in (True, False)] if all_possible else []
    chosen = next((t for t in candidates if table_width(t[0], t[1]) <= width), None)
    lines = [
        f"E-STEP   {said.e_step}",
        *([paragraph(_joint_in_words(found, explanation), width, "  ")] if found.factors else []),
        *(paragraph(line, width, "  ") for line in (_division(explanation, all_possible), said.rule) if line),
        table(*chosen, last=chosen[1][-1][0] == SUM) if chosen else table(*_long(found, explanation)),
        *_more(found),
        *_worked(found, explanation, width),
    ]
    return "\n".join(lines)


def _is_posterior(explanation: WorkedStep) -> bool:
    return assignment_of(explanation.subject.model).is_posterior


def responsibility_names(explanation: WorkedStep) -> tuple[str, ...]:
    """What the shares of a row are called: responsibilities, if they are."""
    components = explanation.step.components
    if _is_posterior(explanation):
        return explanation.notation.responsibilities(components)
    return tuple(f"q({k})" for k in explanation.notation.states(components))


def _joint_in_words(found: RowTable, explanation: WorkedStep) -> str:
    notation, factors = explanation.notation, found.factors
    row = notation.any_row
    general = [form.format(i=row, k="k") for form in (notation.prior, notation.likelihood)]
    parts = [notation.joint.format(i=row, k="k"), *([" * ".join(general)] if len(factors) == 2 else []), " * ".join(factors)]
    return " = ".join(parts)


def _division(explanation: WorkedStep, all_possible: bool) -> str:
    notation, states = explanation.notation, explanation.step.components
    if not all_possible:
        joint, shared = (form.format(i=notation.any_row, k="k") for form in (notation.joint, notation.responsibility))
        return f"{shared} = {joint} / (the sum over the latent states that the row can have)"
    joints = notation.joints(states)
    total = " + ".join(joints) if len(joints) <= 3 else f"the sum of {joints[0]} ... {joints[-1]}"
    return f"{notation.responsibilities(states)[0]} = {joints[0]} / ({total})"


def _more(found: RowTable) -> list[str]:
    if len(found.rows) == found.distinct:
        return []
    kind = "different rows" if found.repeated else "rows"
    return [f"  the first {len(found.rows)} of {found.distinct:,} {kind}; sums are of all"]


def _lead(found: RowTable, subject: Subject) -> Table:
    """The columns that say which row it is."""
    header, cells, align = ["row"], [[row.label] for row in found.rows], LEFT
    if any(row.name for row in found.rows):
        header, cells, align = [*header, ""], [[*c, row.name] for c, row in zip(cells, found.rows, strict=True)], align + LEFT
    if not any("=" in row.label for row in found.rows):
        for j, column in enumerate(list(found.rows[0].values)[:4]):
            header = [*header, column]
            cells = [[*c, written(subject, j, row.values[column])] for c, row in zip(cells, found.rows, strict=True)]
            align += RIGHT
    if found.repeated:
        header, align = [*header, "times"], align + RIGHT
        cells = [[*c, plain(row.weight)] for c, row in zip(cells, found.rows, strict=True)]
    return header, cells, align


def _wide(found: RowTable, explanation: WorkedStep, joints: bool) -> Table:
    step, notation = explanation.step, explanation.notation
    header, cells, align = _lead(found, explanation.subject)
    states = range(len(step.components))
    mass = next((tally.values for tally in step.tallies if tally.what == "n"), None)
    sums = [SUM, *[""] * (len(header) - 1)]
    if joints:
        logs = any(row.log_joint.max() < UNDERFLOW for row in found.rows)
        header = [*header, *(("log " if logs else "") + name for name in notation.joints(step.components))]
        cells = [[*c, *(_joint(row, k, logs) for k in states)] for c, row in zip(cells, found.rows, strict=True)]
        sums += [""] * len(states)
    header = [*header, *responsibility_names(explanation)]
    cells = [[*c, *(four_decimals(row.responsibilities[k]) for k in states)] for c, row in zip(cells, found.rows, strict=True)]
    if mass is not None:
        cells = [*cells, [*sums, *(four_decimals(mass[k]) for k in states)]]
    return header, cells, align + RIGHT * (len(header) - len(align))


def _joint(row: Row, k: int, logs: bool) -> str:
    return significant(row.log_joint[k]) if logs else significant(math.exp(row.log_joint[k]))


def _long(found: RowTable, explanation: WorkedStep) -> Table:
    """A line for each latent state that a row can have: for tables of cells, and for many components."""
    step, notation = explanation.step, explanation.notation
    header = [
        "row",
        "times",
        "latent",
        notation.joints(("k",))[0],
        notation.responsibility.format(i=notation.any_row, k="k"),
        "expected count",
    ]
    cells = []
    for row in found.rows:
        for first, k in enumerate(row.states):
            lead = ["", ""] if first else [row.label, plain(row.weight)]
            shared = row.responsibilities[k]
            cells.append([*lead, step.components[k], _joint(row, k, False), four_decimals(shared), count(row.weight * shared)])
    return header, cells, LEFT + RIGHT + LEFT + RIGHT * 3


def _worked(found: RowTable, explanation: WorkedStep, width: int) -> list[str]:
    """The first division that is one, with its numbers."""
    step = explanation.step
    row = next((row for row in found.rows if len(row.states) > 1 and all(row.formulas[k] for k in row.states)), None)
    if row is None or len(row.states) > 3 or not _is_posterior(explanation):
        return []
    terms = [row.formulas[k] for k in row.states]
    first = row.states[0]
    name = explanation.notation.responsibilities(step.components, row.label if row.label.isdigit() else "")[first]
    line = f"{name} = {terms[0]} / ({' + '.join(terms)}) = {four_decimals(row.responsibilities[first])}"
    return [paragraph(line, width, f"  row {row.label}:  ")]


def counts_section(found: RowTable, explanation: WorkedStep, width: int) -> str:
    """The expected counts: what every row contributes, and the sums."""
    step = explanation.step
    named = [t for t, tally in enumerate(step.tallies) if tally.what not in ("n", "count") or tally.mark]
    if not named:
        return ""
    per_row = _counts(found, explanation, named)
    fits = table_width(per_row[0], per_row[1]) <= width
    body = [table(*per_row, last=True)] if fits else _sums(explanation, width)
    return "\n".join([wording(explanation).counts, *body, *_sharing(found, step.components, width)])


def _counts(found: RowTable, explanation: WorkedStep, named: list[int]) -> Table:
    step, notation = explanation.step, explanation.notation
    responsibilities = responsibility_names(explanation)
    states = notation.states(step.components)
    places = [(t, k) for k in range(len(states)) for t in named if not step.tallies[t].shared]
    places += [(t, 0) for t in named if step.tallies[t].shared]
    header, align = ["row"], LEFT
    for t, k in places:
        tally = step.tallies[t]
        what = in_own_words(explanation.subject, tally.what) + _apart(tally.mark)
        header.append(what if tally.shared else notation.attribution(what, states[k], responsibilities[k]))
        align += RIGHT
    cells = [[row.label, *(row.tallies[t].amount(row.tallies[t].values[k]) for t, k in places)] for row in found.rows]
    sums = [SUM, *(step.tallies[t].amount(step.tallies[t].values[k]) for t, k in places)]
    return header, [*cells, sums], align


def _apart(mark: str) -> str:
    """A mark with blanks before its columns; the name of a level stays as it is."""
    columns, bracket, level = mark.partition("[")
    return columns.replace("_", " ") + bracket + level


def _sums(explanation: WorkedStep, width: int) -> Iterator[str]:
    """The sums alone: tallies down, components across, in as many tables as the width asks for."""
    step = explanation.step
    called = [in_own_words(explanation.subject, "rows" if tally.what == "n" else tally.what) for tally in step.tallies]
    names = [name + _apart(tally.mark) for name, tally in zip(called, step.tallies, strict=True)]
    numbers = [[tally.amount(value) for value in tally.values] for tally in step.tallies]
    columns = [[row[k] if k < len(row) else "" for row in numbers] for k in range(len(step.components))]
    widest = max(len(cell) for row in [*numbers, step.components] for cell in row)
    across = max(1, (width - 2 - max(map(len, names))) // (2 + widest))
    for first in range(0, len(columns), across):
        block = columns[first : first + across]
        cells = [[name, *row] for name, row in zip(names, zip(*block, strict=True), strict=True)]
        if len(cells) > MOST_SUMS:
            cells = [*cells[: MOST_SUMS - 1], [f"... ({len(names)} in all)", *[""] * len(block)]]
        yield table(["sum of", *step.components[first : first + across]], cells, LEFT + RIGHT * len(block))


def _sharing(found: RowTable, components: tuple[str, ...], width: int) -> list[str]:
    """The sentence that says where the missing tosses are."""
    if len(components) != 2:
        return []
    one, other = components
    shared = [row for row in found.rows if row.responsibilities.min() > 0.005]
    if not shared:
        return []
    row = max(shared, key=lambda row: float(row.responsibilities[0]))
    counts = {tally.what: tally.values for tally in row.tallies}
    if found.repeated or len(counts) != len(row.tallies) or "tails" not in counts:
        like = row.label if "=" in row.label else f"like row {row.label}"
        rows = f"The {plain(row.weight)} rows {like} count" if row.weight != 1 else f"Row {row.label} counts"
        mass = row.weight * row.responsibilities
        return [paragraph(f"{rows} as {count(mass[0])} for {one} and {count(mass[1])} for {other}.", width, "  ")]
    heads, tails = counts["heads"], counts["tails"]
    tosses = heads.sum() + tails.sum()
    sentence = (
        f"Row {row.label}: {count(heads[0])} heads + {count(tails[0])} tails are not {plain(tosses)} tosses but "
        f"{count(heads[0] + tails[0])}: the other {count(heads[1] + tails[1])} went to {other}, with its responsibility "
        f"{four_decimals(row.responsibilities[1])}."
    )
    return [paragraph(sentence, width, "  ")]
