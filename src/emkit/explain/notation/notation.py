"""A notation: how one author writes the quantities of EM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class InSequence:
    """What forward-backward is about, as an author would write it: t is a place in the sequence, j and k are states.

    `share` and `pair` have places for the states, ``{j}`` and ``{k}``, and `share` for the place ``{t}``. A `path` through
    all states has a `posterior` and, with the rows, a `joint`: that of the `first` state, times every `move` and `emission`.
    """

    forward: str = "p(z_t=k|x_(1:t))"
    scale: str = "p(x_t|x_(1:t-1))"
    backward: str = "p(x_(t+1:T)|z_t=k) / p(x_(t+1:T)|x_(1:t))"
    share: str = "p(z_{t}={k}|x)"
    pair: str = "p(z_t={j},z_(t+1)={k}|x)"
    e_step: str = "q := p(z_1..z_T|x; theta)"
    path: str = "z"
    posterior: str = "q(z)"
    joint: str = "p(x,z;theta)"
    first: str = "p(z_1;theta)"
    move: str = "p(z_(t+1)|z_t;theta)"
    emission: str = "p(x_t|z_t;theta)"


@dataclass(frozen=True)
class InGeneral:
    """What sums over all latent states of a row `{i}` are of: `state` is what the sum runs over, `logarithm` its name."""

    state: str = "k"
    share: str = "q_{i}(k)"
    joint: str = "p(x_{i},k;theta)"
    prior: str = "p(k;theta)"
    likelihood: str = "p(x_{i}|k;theta)"
    logarithm: str = "log"


@dataclass(frozen=True)
class Notation:
    """The symbols of one author. `{k}` stands for a latent state and `{i}` for a row, `any_row` if no number says which.

    Where there are just two states, an author may have words of their own for them (`states_of_two`) and for their
    responsibilities (`first_of_two`, `second_of_two`). `in_sequence` is for rows in sequence, and `in_general` for sums over
    states.
    """

    name: str
    author: str
    row: str
    latent: str
    parameters: str
    old_parameters: str
    prior: str
    likelihood: str
    joint: str
    responsibility: str
    log_likelihood: str
    expected: str
    entropy: str
    bound: str
    gap: str
    attributed: str
    e_step: str
    m_step: str
    first_of_two: str = ""
    second_of_two: str = ""
    states_of_two: tuple[str, ...] = ()
    in_sequence: InSequence = InSequence()
    in_general: InGeneral = InGeneral()
    any_row: str = "i"

    def states(self, components: Sequence[str]) -> tuple[str, ...]:
        """What the states are called that stand for `components`."""
        return self.states_of_two if len(components) == 2 and self.states_of_two else tuple(components)

    def responsibilities(self, states: Sequence[str], row: str = "") -> tuple[str, ...]:
        """What the responsibilities of `states` are called."""
        row = row or self.any_row
        if len(states) == 2 and self.first_of_two:
            return self.first_of_two.format(i=row), self.second_of_two.format(i=row)
        return tuple(self.responsibility.format(i=row, k=k) for k in self.states(states))

    def joints(self, states: Sequence[str], row: str = "") -> tuple[str, ...]:
        """What the joint probabilities of a row and each of `states` are called."""
        return tuple(self.joint.format(i=row or self.any_row, k=k) for k in self.states(states))

    def attribution(self, what: str, state: str, share: str) -> str:
        """What an expected count is called: `what` is counted for `state`, whose responsibility is called `share`."""
        return self.attributed.format(what=what, k=state, share=f"({share})" if "-" in share else share)


CONCEPTS = {
    "row": "an observed row",
    "latent": "its latent state",
    "parameters": "the parameters",
    "old_parameters": "those of the E-step",
    "prior": "chance of state A beforehand",
    "likelihood": "chance of the row, given A",
    "joint": "the two together (the joint)",
    "responsibility": "responsibility of A for the row",
    "log_likelihood": "log-likelihood",
    "expected": "expected complete-data log-lik.",
    "entropy": "entropy of the responsibilities",
    "bound": "lower bound",
    "gap": "what the bound lacks",
    "attributed": "heads counted for A",
    "e_step": "E-step",
    "m_step": "M-step",
}
assert set(CONCEPTS) <= {f.name for f in fields(Notation)}
