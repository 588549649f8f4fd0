"""An explanation as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from emkit.explain.latent import assignment_of
from emkit.explain.ledger import Entry
from emkit.explain.moments import LatentMoments
from emkit.explain.notation import REMARKS, Notation, correspondence
from emkit.explain.numbers import LEFT, RIGHT, listing, paragraph, table
from emkit.explain.own_words import in_own_words
from emkit.explain.passes import Passes
from emkit.explain.text_bridge import bridge_section
from emkit.explain.text_chain import passes_sections
from emkit.explain.text_exact import exact_section
from emkit.explain.text_moments import moments_sections
from emkit.explain.text_rows import counts_section, responsibility_names, rows_section
from emkit.explain.text_unseen import unseen_section
from emkit.explain.wording import wording
from emkit.explain.worked import WorkedStep
from emkit.formulas.numerals import four_decimals, plain, significant

MOST = 24  # parameters listed


def text(explanation: WorkedStep, width: int, side_by_side: Sequence[Notation]) -> str:
    """All sections, an empty line between them."""
    sections = [
        _title(explanation, width),
        *_e_step(explanation, width),
        bridge_section(explanation, width),
        _m_step(explanation, width),
        exact_section(explanation.exact, _share_names(explanation), width) if explanation.exact else "",
        _ledger(explanation, width),
        _points("What to notice", explanation.subject.notice, width),
        _points("Wrong in the source", explanation.subject.errata, width),
        _map(side_by_side, width) if side_by_side else "",
    ]
    return "\n\n".join(section for section in sections if section)


def _e_step(explanation: WorkedStep, width: int) -> list[str]:
    """What the E-step finds, and the expected counts."""
    found = explanation.step.e_step
    if isinstance(found, Passes):
        return passes_sections(found, explanation, width)
    if isinstance(found, LatentMoments):
        return moments_sections(found, width)
    return [
        rows_section(found, explanation, width),
        unseen_section(found, explanation, width),
        counts_section(found, explanation, width),
    ]


def _share_names(explanation: WorkedStep) -> tuple[str, ...]:
    """What the shares of a row are called."""
    if isinstance(explanation.step.e_step, Passes):
        return tuple(f"gamma_{name}" for name in explanation.step.components)
    return responsibility_names(explanation)


def _title(explanation: WorkedStep, width: int) -> str:
    subject, step = explanation.subject, explanation.step
    story = [paragraph(subject.story, width)] if subject.story else []
    held = [symbol for symbol in step.held if symbol in step.before]
    values = [f"{symbol} = {plain(value)}" for symbol, value in step.before.items() if symbol not in held]
    fixed = [f"{symbol} = {plain(step.before[symbol])}" for symbol in held]
    before = listing(values, width, f"theta_{step.number - 1}:  ")
    extra = [listing(fixed, width, "held:     ")] if fixed else []
    return "\n".join([f"{subject.title}: EM step {step.number}", *story, "", before, *extra])


def _m_step(explanation: WorkedStep, width: int) -> str:
    step = explanation.step
    lines = [f"M-STEP   {wording(explanation).m_step}", *_update_lines(explanation, width)]
    if step.others:
        moved = [[symbol, significant(step.before[symbol]), significant(step.after[symbol])] for symbol in step.others[:MOST]]
        lines += [
            table([f"{'also ' if step.updates else ''}updated", "before", "after"], moved, LEFT + RIGHT * 2),
            *_and_more(step.others),
        ]
    return "\n".join(lines)


def _and_more(items: Sequence[object]) -> list[str]:
    return [f"  ... and {len(items) - MOST} more"] if len(items) > MOST else []


def _update_lines(explanation: WorkedStep, width: int) -> Iterator[str]:
    """One line for each update; its formula only where it differs from the one above."""
    step = explanation.step
    shown = step.updates[:MOST]
    wide = max((len(update.symbol) for update in shown), default=0)
    formula = ""
    for update in shown:
        if update.formula != formula:
            formula = update.formula
            yield f"  {'':{wide}}   {in_own_words(explanation.subject, formula)}"
        floor = "" if update.agrees else f"   raised to the floor under the variances, {significant(update.value)}"
        line = f"= {update.substituted} = {significant(update.computed)}{floor}"
        if wide + 3 + len(line) <= width:
            yield f"  {update.symbol:{wide}} {line}"
        else:
            yield f"  {update.symbol}"
            yield paragraph(line, width, " " * 6)
    yield from _and_more(step.updates)


def _ledger(explanation: WorkedStep, width: int) -> str:
    n, step = explanation.notation, explanation.step
    first, raised, last = step.ledger
    labels = (f"E-step {step.number}", f"M-step {step.number}", f"E-step {step.number + 1}")
    rows = [[label, *map(four_decimals, _numbers(entry))] for label, entry in zip(labels, step.ledger, strict=True)]
    header = ["after", n.log_likelihood, n.expected, n.entropy, n.bound, n.gap]
    story = paragraph(_story(first, raised, last, assignment_of(explanation.subject.model).is_posterior), width, "  ")
    of = " of the paths" if isinstance(step.e_step, Passes) else ""
    shifted = ";  Q, and with it the entropy, is known up to a constant" if isinstance(step.e_step, LatentMoments) else ""
    key = f"log-likelihood = bound + gap;  bound = Q + entropy{of};  gap = KL >= 0{shifted}"
    return "\n".join([paragraph(key, width, "LEDGER   "), table(header, rows, LEFT + RIGHT * 5), story])


def _numbers(entry: Entry) -> tuple[float, ...]:
    a = entry.account
    return a.log_likelihood, a.expected, a.entropy, a.bound, abs(a.gap) if abs(a.gap) < 5e-5 else a.gap


def _story(first: Entry, raised: Entry, last: Entry, touches: bool) -> str:
    start, up, end = first.account, raised.account, last.account
    rise = up.bound - start.bound
    if not touches:
        return (
            f"The rows were not shared out by the posterior, so the bound does not touch: after the E-step it lies "
            f"{four_decimals(start.gap)} below the log-likelihood {four_decimals(start.log_likelihood)}. The M-step raises it "
            f"by {four_decimals(rise)} to {four_decimals(up.bound)}; the log-likelihood is now "
            f"{four_decimals(up.log_likelihood)}, the bound after the next E-step {four_decimals(end.bound)}."
        )
    closing = f"the next E-step closes the gap of {four_decimals(up.gap)}: {four_decimals(end.log_likelihood)}."
    if up.gap <= 1e-12 * (1 + abs(up.bound)):
        closing = "no gap opens: the new parameters give the same responsibilities, so the next step will change nothing."
    return (
        f"The E-step makes the bound touch the log-likelihood, {four_decimals(start.bound)}; the M-step raises it by "
        f"{four_decimals(rise)} to {four_decimals(up.bound)}; {closing}"
    )


def _points(title: str, points: Iterable[str], width: int) -> str:
    lines = [paragraph(point, width, "  - ", "    ") for point in points]
    return "\n".join([title.upper(), *lines]) if lines else ""


def _map(notations: Sequence[Notation], width: int) -> str:
    remarks = [paragraph(remark, width, "  - ", "    ") for remark in REMARKS]
    return "\n".join(["THE SAME IN EVERY NOTATION", correspondence(notations, width), "", *remarks])
