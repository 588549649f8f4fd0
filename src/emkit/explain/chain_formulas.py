"""Forward-backward in formulas, of which explanations and worksheets are made. States are in order; one number each."""

from __future__ import annotations

from collections.abc import Sequence

from emkit.formulas.expressions import Expression, Product, Quotient, Sum


def ahead(forward: Sequence[Expression], moves: Sequence[Expression]) -> Sum:
    """p(z_t = k | earlier rows): from every state, its forward number times the move from there to k."""
    return Sum(tuple(Product((("forward", f), ("move", m))) for f, m in zip(forward, moves, strict=True)))


def joint(before: Expression, density: Expression) -> Product:
    """p(z_t = k, x_t | earlier rows), from p(z_t = k | earlier rows)."""
    return Product((("ahead", before), ("density", density)))


def backward(
    moves: Sequence[Expression], densities: Sequence[Expression], later: Sequence[Expression], scale: Expression
) -> Quotient:
    """What the later rows say of a state: over the states that it can move to, all scaled as the row to come is."""
    ways = zip(moves, densities, later, strict=True)
    return Quotient(Sum(tuple(Product((("move", m), ("density", d), ("backward", b))) for m, d, b in ways)), scale)


def share(forward: Expression, later: Expression) -> Product:
    """p(z_t = k | all rows)."""
    return Product((("forward", forward), ("backward", later)))


def pair(forward: Expression, move: Expression, density: Expression, later: Expression, scale: Expression) -> Quotient:
    """p(z_t = j, z_t+1 = k | all rows); density, backward and scale are those of t + 1."""
    return Quotient(Product((("forward", forward), ("move", move), ("density", density), ("backward", later))), scale)
