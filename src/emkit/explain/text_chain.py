"""The passes through a sequence as text: forward, backward, both together, and the arithmetic of one row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from emkit.core.arrays import Array
from emkit.explain.notation import InSequence
from emkit.explain.numbers import LEFT, RIGHT, paragraph, table, table_width
from emkit.explain.own_words import in_own_words
from emkit.explain.passes import Passes
from emkit.explain.worked import WorkedStep
from emkit.explain.written_row import Written, written
from emkit.formulas.numerals import count, four_decimals, plain, significant

MOST_VALUES = 2  # columns of the data beside the passes
MOST_WRITTEN = 3  # states whose arithmetic is written out
SMALL = 1e-3  # below this, four decimals tell too little of a number that is worked out
Column = tuple[str, list[str]]
LETTERS = (  # what each stands for in an author's notation, and how it is worked out
    ("alpha_t(k)", "forward", "[sum_j alpha_(t-1)(j) A_jk] b_k(t) / c_t, where t = 1: pi_k b_k(1) / c_1"),
    ("c_t", "scale", "that by which alpha_t sums to 1"),
    ("beta_t(k)", "backward", "[sum_j A_kj b_j(t+1) beta_(t+1)(j)] / c_(t+1), where t = T: 1"),
    ("gamma_t(k)", "share", "alpha_t(k) beta_t(k)"),
    ("xi_t(j,k)", "pair", "alpha_t(j) A_jk b_k(t+1) beta_(t+1)(k) / c_(t+1)"),
)


def passes_sections(found: Passes, explanation: WorkedStep, width: int) -> list[str]:
    """The E-step with its tables and the arithmetic of one row, and the expected counts of all sequences."""
    author, words = explanation.notation.in_sequence, in_own_words(explanation.subject, found.words)
    lines = [
        f"E-STEP   {author.e_step}",
        paragraph(f"b_k(t) = {words}, with the parameters of state k", width, "  ", "      "),
        *(paragraph(f"{it} = {_called(author, field)} = {how}", width, "  ", "      ") for it, field, how in LETTERS),
        paragraph(_which(found), width, "  "),
        *_tables(found, explanation.step.components, width),
        *_left_out(found),
        *_square(found, explanation.step.components, width),
        *_worked(found, explanation.step.components, width),
    ]
    return ["\n".join(lines), "\n".join(_counts(explanation, width))]


def _called(author: InSequence, field: str) -> str:
    """What an author calls a letter at place t, for states j and k."""
    return str(getattr(author, field)).format(t="t", j="j", k="k")


def _which(found: Passes) -> str:
    last = found.first + found.length - 1
    of = f"Sequence {found.sequence} of {found.of:,}, rows {found.first} to {last}" if found.of > 1 else "The sequence"
    weight = f", which counts {plain(found.weight)} times" if found.weight != 1 else ""
    total = float(found.log_scale.sum())
    return f"{of}{weight}; its log-likelihood is the sum of log c_t, {four_decimals(total)}:"


def _square(found: Passes, states: Sequence[str], width: int) -> Iterator[str]:
    """Many pairs of states: those of the chosen row and the next."""
    t = found.chosen
    if found.states <= MOST_WRITTEN or t + 1 == found.length:
        return
    cells = [[name, *map(four_decimals, row)] for name, row in zip(states, found.pairs[t].tolist(), strict=True)]
    if table_width([f"xi_{t + 1}", *states], cells) <= width:
        yield table([f"xi_{t + 1}", *states], cells, LEFT + RIGHT * len(states))


def _left_out(found: Passes) -> list[str]:
    if len(found.shown) == found.length:
        return []
    return [f"  rows {found.shown.start + 1} to {found.shown.stop} of {found.length:,}; sums are of all"]


def _tables(found: Passes, states: Sequence[str], width: int) -> Iterator[str]:
    """All columns, in as few tables as the width asks for; each begins with the places."""
    lead = _lead(found)
    pending = _columns(found, states)
    while pending:
        taken = 1
        while taken < len(pending) and _width([*lead, *pending[: taken + 1]]) <= width:
            taken += 1
        if taken < len(pending):  # what belongs together stays together, where it fits
            kept = [n for n in range(1, taken + 1) if pending[n][0].split("_")[0] != pending[n - 1][0].split("_")[0]]
            taken = kept[-1] if kept else taken
        yield _table([*lead, *pending[:taken]], len(lead) > 1 and any(found.names))
        pending = pending[taken:]


def _lead(found: Passes) -> list[Column]:
    """The columns that say which row it is."""
    lead = [("t", [str(t + 1) for t in found.shown])]
    if any(found.names):
        lead.append(("", [found.names[t] for t in found.shown]))
    some = list(found.values[0])[:MOST_VALUES]
    return [*lead, *((column, [plain(found.values[t][column]) for t in found.shown]) for column in some)]


def _columns(found: Passes, states: Sequence[str]) -> list[Column]:
    logs = "" if found.writable else "log "
    density, scale = (found.density, found.scale) if found.writable else (found.log_density, found.log_scale)

    def each(letter: str, numbers: Array, write: Callable[[float], str]) -> Iterator[Column]:
        for k, name in enumerate(states):
            yield f"{letter}_{name}", [write(float(numbers[t, k])) for t in found.shown]

    return [
        *each(f"{logs}b", density, significant),
        (f"{logs}c", [significant(float(scale[t])) for t in found.shown]),
        *each("alpha", found.forward, four_decimals),
        *each("beta", found.backward, _four),
        *each("gamma", found.shares, four_decimals),
        *(_pairs(found, states) if _few(found) else ()),
    ]


def _few(found: Passes) -> bool:
    """Whether the pairs of states are so few that each has a column; of others, there is a table for one row."""
    return found.length > 1 and found.states <= MOST_WRITTEN


def _pairs(found: Passes, states: Sequence[str]) -> Iterator[Column]:
    """The probability of each move to the next row; the last row is followed by none."""
    last = found.length - 1
    for j, one in enumerate(states):
        for k, other in enumerate(states):
            yield f"xi_{one}_{other}", [four_decimals(found.pairs[t, j, k]) if t < last else "" for t in found.shown]


def _four(value: float) -> str:
    """A number about 1 with four decimals; one far from it with four digits."""
    return four_decimals(value) if SMALL <= value < 1e4 or value == 0 else significant(value)


def _width(columns: Sequence[Column]) -> int:
    return table_width([name for name, _ in columns], list(zip(*(cells for _, cells in columns), strict=True)))


def _table(columns: Sequence[Column], named: bool) -> str:
    align = (RIGHT + LEFT if named else RIGHT) + RIGHT * len(columns)
    return table([name for name, _ in columns], list(zip(*(cells for _, cells in columns), strict=True)), align[: len(columns)])


def _worked(found: Passes, states: Sequence[str], width: int) -> Iterator[str]:
    """The arithmetic of the chosen row."""
    if not found.writable or len(states) > MOST_WRITTEN:
        return
    t = found.chosen
    name = f" ({found.names[t]})" if found.names[t] else ""
    yield f"  row {found.label(t)}{name}, worked out:"
    for k, state in enumerate(states):
        text, value = found.formulas[t - found.shown.start][k], plain(found.density[t, k])
        worked = text if text == value else f"{text} = {value}"
        yield paragraph(f"b_{state}[{found.label(t)}] = {worked}", width, "    ", "        ")
    yield from (paragraph(_line(line, states, found.label(t)), width, "    ", "        ") for line in written(found, t))


def _line(line: Written, states: Sequence[str], label: str) -> str:
    name = "_".join([line.letter, *(states[k] for k in line.states)])
    value = significant(line.value) if line.letter == "c" or line.value < SMALL else _four(line.value)
    return f"{name}[{label}] = {line.arithmetic}" + ("" if line.arithmetic in ("1", value) else f" = {value}")


def _counts(explanation: WorkedStep, width: int) -> Iterable[str]:
    """Sums over all rows of all sequences."""
    step = explanation.step
    yield "EXPECTED COUNTS   gamma and xi added up, over all rows of all sequences"
    visits, starts, *rest = step.tallies
    moves = [tally for tally in rest if tally.what == "moves"]
    others = [tally for tally in rest if tally.what != "moves"]
    header = ["state", "visits", "starts", *("moves" + tally.mark.replace("_", " ") for tally in moves)]
    counted = [
        [name, *(count(tally.values[k]) for tally in (visits, starts, *moves))] for k, name in enumerate(step.components)
    ]
    yield table(header, counted, LEFT + RIGHT * (len(header) - 1))
    if others:
        named = [in_own_words(explanation.subject, tally.what) + tally.mark.replace("_", " ") for tally in others]
        cells = [[name, *(t.amount(t.values[0 if t.shared else k]) for t in others)] for k, name in enumerate(step.components)]
        if table_width(["state", *named], cells) <= width:
            yield table(["state", *named], cells, LEFT + RIGHT * len(named))
