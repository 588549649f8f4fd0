"""Hidden Markov chains: where the first state and the moves go in the M-step, each with a Lagrange multiplier."""

from __future__ import annotations

from typing import Any

from sympy import Eq, Function, IndexedBase, Product, Sum, log, symbols

from emkit.derivations.algebra import COMPONENTS, K, j, k, x, z
from emkit.derivations.derivation import Derivation, Solved, Step
from emkit.derivations.lagrange import Shares, m, multiplier, solved_shares
from emkit.derivations.opening import Likelihood, Q, density_of, pi

t, T = symbols("t T", integer=True, positive=True)
move, pair, share, count = IndexedBase("A"), IndexedBase("xi"), IndexedBase("gamma"), IndexedBase("S")
FROM, MOVES, PLACES = (j, 1, K), (t, 1, T - 1), (t, 1, T)


def derive_transitions() -> Derivation:
    """The transitions: expected number of moves from one state to another / of all moves from it."""
    shares = Shares(move[j, k], count[j, k], k, K)
    steps, solution, slope = solved_shares(shares, Function("Q_j")(move))
    moves = Sum(pair[t, j, k], MOVES)
    value = solution.subs(shares.total, Sum(moves, shares.limits)).subs(count[j, m], moves.subs(k, m))
    steps = [
        *_opening(),
        Step(
            "M-step. Only the terms of the moves from state {j} hold its transitions, and they are a problem of their own. "
            "With {count}, the expected number of moves from {j} to {k} (of several sequences, added up over all),",
            (Eq(count[j, k], moves), Eq(Function("Q_j")(move), Sum(count[j, k] * log(move[j, k]), shares.limits))),
            {"j": j, "k": k, "count": count[j, k]},
        ),
        *steps,
        Step(
            "With the sums over the moves written out. The last row of a sequence is followed by none, so it is left out of "
            "the sum; the first state is the same problem with {share} as its only count, so {pi} is that.",
            (Eq(move[j, m], value), Eq(pi[k], share[1, k])),
            {"share": share[1, k], "pi": pi[k]},
        ),
    ]
    condition = slope.subs(multiplier, Sum(moves, shares.limits)).subs(count[j, m], moves.subs(k, m))
    solved = Solved("transitions", move[j, m], condition, value)
    return Derivation("transitions", "Transitions of a hidden Markov chain", tuple(steps), (solved,))


def derive(title: str, family: Derivation | None) -> Derivation:
    """The M-step of a chain whose components have the derivation `family`, if there is one."""
    found = derive_transitions()
    if family is None:
        return Derivation("chain", title, found.steps, found.solutions)
    between = Step(
        "What is left of Q is that of a mixture, with {share} as the responsibilities: where a row stands in its sequence does "
        "not matter any more.",
        (),
        {"share": share[t, k]},
    )
    return Derivation("chain", title, (*found.steps, between, *family.steps), (*found.solutions, *family.solutions))


def _opening() -> tuple[Step, ...]:
    known = Product(Product(Product(move[j, k] ** (z[t, j] * z[t + 1, k]), COMPONENTS), FROM), MOVES)
    first = Product(pi[k] ** z[1, k], COMPONENTS)
    rows = Product(Product(density_of(x[t]) ** z[t, k], COMPONENTS), PLACES)
    return (
        Step(
            "Suppose the state of every row were known: {z} is 1 if row {t} is in state {k}, else 0. With distribution {pi} "
            "of the first state and transitions {A} from {j} to {k}, the complete-data likelihood of a sequence of {T} rows is",
            (Eq(Likelihood, first * known * rows),),
            {"z": z[t, k], "t": t, "k": k, "pi": pi[k], "A": move[j, k], "j": j, "T": T},
        ),
        Step("Its logarithm is a sum of three parts, one for each kind of parameter.", (Eq(log(Likelihood), _logs(_seen)),)),
        Step(
            "E-step. The states are not observed. The expectation of {z} given all rows is {share}. That of the product {two} "
            "is {pair}, the probability of both states together; it is not the product of two shares, since neighbours "
            "depend on each other. Forward and backward give both.",
            (Eq(Q, _logs(_expected)),),
            {"z": z[t, k], "share": share[t, k], "two": z[t, j] * z[t + 1, k], "pair": pair[t, j, k]},
        ),
    )


def _logs(of: Any) -> Any:
    """The logarithm of the complete-data likelihood, where `of` says what stands for which states a row and a move have."""
    first, moved, row = of(1, k), of(t, j, k), of(t, k)
    return (
        Sum(first * log(pi[k]), COMPONENTS)
        + Sum(Sum(Sum(moved * log(move[j, k]), COMPONENTS), FROM), MOVES)
        + Sum(Sum(row * log(density_of(x[t])), COMPONENTS), PLACES)
    )


def _seen(place: Any, *states: Any) -> Any:
    return z[place, states[0]] if len(states) == 1 else z[place, states[0]] * z[place + 1, states[1]]


def _expected(place: Any, *states: Any) -> Any:
    return share[place, states[0]] if len(states) == 1 else pair[place, states[0], states[1]]
