"""The lessons with two coins, and a third that chooses between them, in the symbols of their worksheets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import (
    Derivative,
    Eq,
    Float,
    Function,
    IndexedBase,
    Integer,
    Matrix,
    Mul,
    Pow,
    Product,
    Rational,
    StrictLessThan,
    Sum,
    Symbol,
    diff,
    factor,
    fraction,
    log,
    simplify,
    solve,
)

from emkit.data.chunk import Chunk, as_float64
from emkit.derivations.algebra import ROWS, confirmed, definitions, gather, i, in_letters, log_of, n, numbers, over_rows, rest
from emkit.derivations.derivation import Derivation, Solved, Step
from emkit.families.successes import CHANCES
from emkit.models.around import bare

z = IndexedBase("z")
Q, L, Joint = Function("Q"), Symbol("L"), Function("p")
DIGITS = 7


def positive(name: str) -> Any:
    """A symbol for a positive number."""
    return Symbol(name, positive=True)


@dataclass(frozen=True)
class Coin:
    """One of the two coins: its `chance` of heads, the `weight` of row i, and names for the sums."""

    name: str
    chance: Any
    weight: Any
    mass: Any
    heads: Any
    tails: Any


@dataclass(frozen=True)
class Coins:
    """A lesson's symbols: heads in row i out of `tosses`, the two coins, and the chance `share` of taking the first."""

    heads: Any
    tosses: Any
    first: Coin
    second: Coin
    share: Any
    story: str


def coin(name: str, chance: str, weight: Any) -> Coin:
    """A coin with sums named after it."""
    return Coin(name, positive(chance), weight, positive(f"N_{name}"), positive(f"H_{name}"), positive(f"T_{name}"))


TWO = ("Each row is of one of two coins, tossed {M} times; row {i} shows {h} heads. {z} is 1 if row {i} is of coin A, "
       "else 0. The probability of the row together with its coin:")  # fmt: skip
THREE = ("Coin z shows heads with probability {share}; then coin a is tossed and reported, else coin b. {h} is 1 for a "
         "reported head, else 0, and {z} is 1 if coin z showed heads in row {i}. The probability of the report together with "
         "coin z:")  # fmt: skip
PI, MU = positive("pi"), IndexedBase("mu")[i]
DRAWS = (
    IndexedBase("h")[i],
    positive("M"),
    coin("A", "theta_A", IndexedBase("Q_A")[i]),
    coin("B", "theta_B", IndexedBase("Q_B")[i]),
)
LESSONS = {
    "two-coins": Coins(*DRAWS, Rational(1, 2), TWO),
    "two-coins-free": Coins(*DRAWS, PI, TWO),
    "three-coins": Coins(
        IndexedBase("x")[i], Integer(1), coin("a", "alpha", MU), coin("b", "beta", 1 - MU), PI, THREE
    ),
}  # fmt: skip


def derive(lesson: Any) -> Derivation:
    """The updates of a lesson with coins, with the numbers of its first E-step put in at the end."""
    coins = LESSONS[lesson.name]
    unknown = tuple(symbol for symbol in (coins.share, coins.first.chance, coins.second.chance) if symbol.is_Symbol)
    q = sum((_expected(c, coins) for c in (coins.first, coins.second)), rest) - 2 * rest
    solutions: list[Solved] = []
    steps = [*_opening(coins, unknown), _statistics(coins, unknown, q)]
    for symbol in unknown:
        step, solved = _solve(symbol, coins, q, unknown)
        steps.append(step)
        solutions.append(solved)
    if PI in unknown:
        steps.append(_what_is_kept(coins))
    steps.append(_numbers(lesson, coins, solutions))
    return Derivation(lesson.name, f"{lesson.title}: the M-step", tuple(steps), tuple(solutions))


def _joint(c: Coin, coins: Coins) -> Any:
    share = coins.share if c is coins.first else 1 - coins.share
    letters = {"theta": c.chance, "heads": coins.heads, "tails": coins.tosses - coins.heads}
    return share * in_letters(CHANCES, letters)


def _expected(c: Coin, coins: Coins) -> Any:
    names = {Integer(1): c.mass, coins.heads: c.heads, coins.tosses - coins.heads: c.tails}
    return gather(log_of(_joint(c, coins)), names)


def _sums(c: Coin, coins: Coins) -> dict[Any, Any]:
    names = {Integer(1): c.mass, coins.heads: c.heads, coins.tosses - coins.heads: c.tails}
    return over_rows(names, c.weight)


def _opening(coins: Coins, unknown: tuple[Any, ...]) -> list[Step]:
    first, second = (_joint(c, coins) for c in (coins.first, coins.second))
    one, none = Joint(coins.heads, 1), Joint(coins.heads, 0)
    said = {"M": coins.tosses, "h": coins.heads, "z": z[i], "i": i, "share": coins.share}
    return [
        Step(coins.story, (Eq(one, first), Eq(none, second)), said),
        Step(
            "Were {z} known, the complete-data likelihood would be the product over the rows, {z} choosing the factor.",
            (Eq(L, Product(one ** z[i] * none ** (1 - z[i]), ROWS)),),
            said,
        ),
        Step(
            "Its logarithm is a sum, and linear in {z}; the logarithms of the factors are",
            (
                Eq(log(L), Sum(z[i] * log(one) + (1 - z[i]) * log(none), ROWS)),
                Eq(log(one), log_of(first)),
                Eq(log(none), log_of(second)),
            ),
            said,
        ),
        Step(
            "E-step. {z} is not observed. Its expectation given the row, at the current parameters, is the posterior "
            "probability {w}; that of 1 less {z} is {v}. Put in, they give the expected complete log-likelihood, in which they "
            "are numbers from here on. (If the coins are known, they are 0 and 1, and what follows is ordinary counting.)",
            (Eq(Q(*unknown), Sum(coins.first.weight * log(one) + coins.second.weight * log(none), ROWS)),),
            {**said, "w": coins.first.weight, "v": coins.second.weight},
        ),
    ]


def _statistics(coins: Coins, unknown: tuple[Any, ...], q: Any) -> Step:
    sums = {**_sums(coins.first, coins), **_sums(coins.second, coins)}
    return Step(
        "M-step. The rows contribute six sums: for each coin its expected number of rows N, of heads H and of tails T.",
        (*definitions(sums), Eq(Q(*unknown), q)),
    )


def _solve(symbol: Any, coins: Coins, q: Any, unknown: tuple[Any, ...]) -> tuple[Step, Solved]:
    """Derivative, zero, second derivative for one of the parameters: each stands in terms of its own."""
    slope = diff(q, symbol)
    (root,) = solve(slope, symbol)
    there = factor(diff(slope, symbol).subs(symbol, root))
    confirmed(there.is_negative, f"the second derivative by {symbol} is negative")
    first, second = coins.first, coins.second
    if symbol is coins.share:
        short, words = root.subs(second.mass, n - first.mass), "the expected share of rows"
    else:
        c = first if symbol is first.chance else second
        short, words = root.subs(c.tails, coins.tosses * c.mass - c.heads), "expected heads over expected tosses"
    sums = {**_sums(first, coins), **_sums(second, coins)}
    value = short.subs(sums)
    step = Step(
        f"The derivative by {{symbol}}; the only place where it is zero, {words}; and the second derivative there, which is "
        "negative: a maximum.",
        (
            Eq(Derivative(Q(*unknown), symbol), slope),
            Eq(symbol, root),
            Eq(symbol, value),
            StrictLessThan(there, 0, evaluate=False),
        ),
        {"symbol": symbol},
    )
    return step, Solved(str(symbol), symbol, slope.subs(sums), value)


def _what_is_kept(coins: Coins) -> Step:
    first, second = coins.first, coins.second
    updated = first.mass / n, first.heads / (coins.tosses * first.mass), second.heads / (coins.tosses * second.mass)
    chance = updated[0] * updated[1] + (1 - updated[0]) * updated[2]
    kept = simplify(chance.subs(second.mass, n - first.mass))
    confirmed(simplify(kept - (first.heads + second.heads) / (n * coins.tosses)) == 0, "the overall chance of heads is kept")
    return Step(
        "A consequence: whatever the posterior probabilities, the updated chance of heads over both coins is the share of "
        "heads in the data. Where a row is a single toss, that chance is all that the likelihood depends on, and one step "
        "reaches its maximum.",
        (Eq(coins.share * first.chance + (1 - coins.share) * second.chance, kept),),
    )


def _numbers(lesson: Any, coins: Coins, solutions: list[Solved]) -> Step:
    given = given_numbers(lesson)
    weights = coins.first.weight.base.label
    formulas = [Eq(weights, Matrix([[Float(w, 4) for w in given[str(weights)]]]), evaluate=False)]
    for solved in solutions:
        over, under = (_rounded(numbers(part, **given)) for part in fraction(solved.value))
        ratio = Mul(over, Pow(under, -1, evaluate=False), evaluate=False)
        formulas += [Eq(solved.symbol, ratio, evaluate=False), Eq(solved.symbol, _rounded(numbers(solved.value, **given)))]
    return Step("With the posterior probabilities of the lesson's first E-step, one for each row:", tuple(formulas))


def _rounded(value: float) -> Any:
    return Integer(int(value)) if value == int(value) else Float(value, DIGITS)


def given_numbers(lesson: Any) -> dict[str, Any]:
    """The lesson's data and the posterior probabilities of its first E-step, by the names used in its formulas."""
    source, model = lesson.source, bare(lesson.model)
    first, second = model.posterior(lesson.start, Chunk(source.x, source.weights)).responsibilities.T
    heads, tails = (side[:, 0] for side in model.family.described.cells(as_float64(source.x)).values())
    tosses = int(heads[0] + tails[0])
    return {"h": heads, "x": heads, "n": len(heads), "M": tosses, "mu": first, "Q_A": first, "Q_B": second}
