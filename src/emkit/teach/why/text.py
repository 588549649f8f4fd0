"""Why EM works, as plain text."""

from __future__ import annotations

from emkit.explain.numbers import LEFT, RIGHT, paragraph, table
from emkit.formulas.numerals import four_decimals, plain, significant
from emkit.teach.why.known import Complete
from emkit.teach.why.remarks import cleared, remarks
from emkit.teach.why.theory import Theory

SHOWN_ROWS = 12
SHOWN_PARAMETERS = 8  # in the arithmetic of known labels
MOST_PARAMETERS = 24
ROUNDING = 1e-12
SHOWN_POINTS = (-0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)


def text(why: Theory, width: int) -> str:
    """All sections, an empty line between them."""
    sections = [
        f"{why.subject.title}: why EM works, at step {why.step.number}",
        _jensen(why, width),
        _splits(why, width),
        _bound(why, width),
        _variants(why, width),
        _known(why.known, width) if why.known is not None else "",
        "\n".join(["WHERE THE SOURCES ARE IMPRECISE", *(paragraph(line, width, "  - ", "    ") for line in remarks(why))]),
    ]
    return "\n\n".join(section for section in sections if section)


def _jensen(why: Theory, width: int) -> str:
    even, posterior, later = why.jensen
    rows = [
        [
            choice.choice,
            ", ".join(map(four_decimals, choice.weights)),
            ", ".join(map(significant, choice.points)),
            *map(four_decimals, (choice.log_of_mean, choice.mean_of_logs, cleared(choice.gap))),
        ]
        for choice in why.jensen
    ]
    spread = significant(later.gap, 3) if not later.touches else "0"
    story = (
        f"Row {even.row}, weights over {', '.join(even.states)}. The logarithm is concave: a chord runs below it. With equal "
        f"shares the points p(x,z) / q(z) lie apart and the chord is {significant(even.gap, 3)} too low. With the posterior "
        f"they coincide at p(x) = {significant(posterior.mean)}, there is no chord, and the bound touches. After the M-step "
        f"the points have moved ({spread} for this row)."
    )
    header = ["q", "weights", "p(x,z) / q(z)", "log of mean", "mean of logs", "gap"]
    return "\n".join(
        [
            "JENSEN   log sum_z q(z) p(x,z) / q(z)  >=  sum_z q(z) log [p(x,z) / q(z)]",
            table(header, rows, LEFT * 3 + RIGHT * 3),
            paragraph(story, width, "  "),
        ]
    )


def _splits(why: Theory, width: int) -> str:
    at = why.step.number - 1
    rows = [
        [split.choice, *map(four_decimals, (a.expected, a.entropy, a.bound, cleared(a.gap), a.log_likelihood))]
        for split in why.splits
        for a in (split.account,)
    ]
    same = why.splits[1].account.gap <= ROUNDING
    story = f"Every q gives a bound; what it lacks is KL(q || posterior). Only the posterior at theta_{at} lacks nothing" + (
        f"; here that at theta_{at + 1} is the same one, so EM will stop there." if same else "."
    )
    return "\n".join(
        [
            f"LOG-LIKELIHOOD = BOUND + KL   at theta_{at}, whatever q is; bound = Q + entropy of q",
            table(["q", "Q", "entropy", "bound", "KL", "bound + KL"], rows, LEFT + RIGHT * 5),
            paragraph(story, width, "  "),
        ]
    )


def _bound(why: Theory, width: int) -> str:
    curve, first, second = why.bound, why.step.number - 1, why.step.number
    shown = [s for s in SHOWN_POINTS if s in curve.s]
    rows = [[plain(s), four_decimals(log_likelihood), four_decimals(bound), four_decimals(cleared(log_likelihood - bound))]
            for s in shown for log_likelihood, bound in [curve.at(s)]]  # fmt: skip
    start, end = curve.at(0), curve.at(1)
    closing = (
        "the log-likelihood is the same there"
        if end[0] - end[1] <= ROUNDING
        else f"the log-likelihood is {four_decimals(end[0])} there"
    )
    story = (
        f"At s = 0 they touch, {four_decimals(start[0])}, and nowhere does the bound lie above. It is highest at s = "
        f"{plain(curve.highest)}, {four_decimals(end[1])}; {closing}. So that rose by "
        f"at least what the bound rose by, {four_decimals(end[1] - start[1])}: EM cannot fall."
    )
    return "\n".join(
        [
            f"THE BOUND ALONG THE STEP   theta(s), straight from theta_{first} (s = 0) to theta_{second} (s = 1)",
            table(["s", "log-likelihood", "bound", "KL"], rows),
            paragraph(story, width, "  "),
        ]
    )


def _variants(why: Theory, width: int) -> str:
    symbols = [s for s in why.step.after if s not in why.step.held]
    soft, hard, drawn = why.variants
    columns = [column for v in why.variants for column in (v.first, v.end)] + [drawn.spread]
    rows = [[symbol, *(four_decimals(column[symbol]) for column in columns)] for symbol in symbols[:MOST_PARAMETERS]]
    rows.append(["log-likelihood", "", four_decimals(soft.log_likelihood), "", four_decimals(hard.log_likelihood), "", "", ""])
    rows.append(["steps", "1", f"{soft.steps:,}", "1", f"{hard.steps:,}", "1", f"{drawn.steps // 2:,}", ""])
    header = ["", "soft", "end", "hard", "end", "drawn", "mean", "+-"]
    table_of_rows = [_first_table(why)] if len(soft.responsibilities) <= SHOWN_ROWS else []
    failures = [paragraph(f"The {v.kind} E-step {v.outcome}", width, "  ") for v in why.variants if v.failed]
    title = "SOFT, HARD, DRAWN   three E-steps on the same data, from the same start"
    story = paragraph(_variants_story(why), width, "  ")
    return "\n".join([title, *table_of_rows, table(header, rows, LEFT + RIGHT * 7), *failures, story])


def _variants_story(why: Theory) -> str:
    soft, hard, drawn = why.variants
    lots = "With drawn labels nothing climbs"
    if not drawn.failed and max(drawn.spread.values()) == 0:
        lots += ": here the lots ended in a place that no draw leaves"
    climbs = (
        f"Hard EM climbs the classification log-likelihood, to {four_decimals(hard.objective)}; the log-likelihood is "
        f"{four_decimals(hard.log_likelihood)} there. "
        if hard.objective is not None and not hard.failed
        else ""
    )
    return (
        "Soft shares a row out by its posterior, hard gives it wholly to the likeliest, drawn to one chosen by lot. The M-step "
        f"is the same. Soft EM climbs the log-likelihood, here to {four_decimals(soft.log_likelihood)}. {climbs}{lots}."
    )


def _first_table(why: Theory) -> str:
    first = why.step.components[0]
    kinds = [f"{variant.kind}, to {first}" for variant in why.variants]
    count = len(why.variants[0].responsibilities)
    rows = [[str(i + 1), *(four_decimals(variant.responsibilities[i, 0]) for variant in why.variants)] for i in range(count)]
    return table(["row", *kinds], rows) + "\n"


def _known(known: Complete, width: int) -> str:
    shown = " ".join(known.labels[:40]) + (" ..." if len(known.labels) > 40 else "")
    wide = max((len(update.symbol) for update in known.updates), default=0)
    updates = [f"  {u.symbol:{wide}} = {u.substituted} = {four_decimals(u.value)}" for u in known.updates[:SHOWN_PARAMETERS]]
    story = (
        "With every label written down q is 0 or 1 and does not depend on theta: Q is the complete-data log-likelihood, its "
        f"maximum {four_decimals(known.log_likelihood)} is reached in one M-step, and the M-step is plain counting. The M-step "
        "of EM is the same with fractions for counts."
    )
    return "\n".join(
        [
            "KNOWN LABELS   the special case in which nothing is latent",
            paragraph(f"If the labels were: {shown}", width, "  "),
            *updates,
            paragraph(story, width, "  "),
        ]
    )
