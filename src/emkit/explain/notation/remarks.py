"""The notations side by side, and where their readers go astray."""

from __future__ import annotations

from collections.abc import Sequence

from emkit.explain.notation.notation import CONCEPTS, Notation
from emkit.explain.numbers import LEFT, table, table_width

Table = tuple[list[str], list[list[str]]]


def correspondence(notations: Sequence[Notation], width: int) -> str:
    """What each author calls the same thing, for coin A and its heads, in as many tables as the width asks for."""
    tables, pending = [], list(notations)
    while pending:
        taken = max([n for n in range(1, len(pending) + 1) if table_width(*_side_by_side(pending[:n])) <= width], default=1)
        tables.append(table(*_side_by_side(pending[:taken]), LEFT * (1 + taken)))
        pending = pending[taken:]
    return "\n\n".join(tables)


def _side_by_side(notations: Sequence[Notation]) -> Table:
    rows = [
        [meaning, *(_shown(notation, concept) for notation in notations)]
        for concept, meaning in CONCEPTS.items()
        if concept not in ("e_step", "m_step")
    ]
    return ["", *(notation.name for notation in notations)], rows


def _shown(notation: Notation, concept: str) -> str:
    if concept == "responsibility":
        return notation.responsibilities(("A", "B"))[0]
    if concept == "attributed":
        return notation.attribution("heads", "A", notation.responsibilities(("A", "B"))[0])
    return str(vars(notation)[concept]).format(i=notation.any_row, k="A")


REMARKS = (
    "P(E|Z_A) is p(x|z), not the joint p(x,z): the joint has the factor P(Z_A) as well. For the two coins both factors are "
    "1/2 and cancel in P(Z_A|E), so nobody notices. For the three coins they do not cancel.",
    "The index of Z_A names a coin; the index of z^(i) names a row, and its value is a coin. There is one distribution Q_i "
    "over the coins for each row.",
    "The E-step chooses Q: it brings Q to the posterior and so closes the gap, KL(Q || p(z|x)). The argmax of the M-step "
    "chooses theta with Q held: it raises the bound. It does not bring Q closer to p; it opens the gap again.",
    "Here Q is the expected complete-data log-likelihood, without the entropy of the responsibilities; Q + entropy is the "
    "bound (the ELBO). Some pages call that sum Q. The entropy does not depend on theta, so the M-step is the same.",
    "The logarithm stands at the new theta, the responsibilities at the old one: Q(theta, theta_old) = sum of "
    "p(z|x; theta_old) log p(x,z; theta). And there is one logarithm in the bound, log [p(x,z) / Q], not two.",
    "No completion is imputed or drawn. The M-step uses expected counts: the sum of P(Z_A|E_i) heads_i over the sum of "
    "P(Z_A|E_i) tosses_i.",
)
