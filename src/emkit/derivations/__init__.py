"""Derivations of the M-steps, carried out by SymPy in front of the reader."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from emkit.derivations.derivation import Derivation, Solved, Step
from emkit.errors import ModelError
from emkit.explain.latent import check_divides_counts
from emkit.families import FAMILIES
from emkit.families.description import Columns
from emkit.models.around import bare
from emkit.models.cells import Cells
from emkit.models.hidden_markov import HiddenMarkovChain

__all__ = ["WITHOUT", "Derivation", "Solved", "Step", "derivation", "derived_names"]

PLACES = {  # what is written out; columns with one parameter are derived from their description
    "proportions": ("lagrange", "derive_proportions"),
    "transitions": ("chain", "derive_transitions"),
    "categorical": ("lagrange", "derive_categorical"),
    "gamma": ("gamma", "derive"),
    "gaussian": ("covariance", "derive_full"),
    "gaussian-tied": ("covariance", "derive_tied"),
    "gaussian-diag": ("normals", "derive_columns"),
    "gaussian-spherical": ("normals", "derive_spherical"),
    "normal regression": ("least_squares", "derive_line"),
}
COINS = ("two-coins", "two-coins-free", "three-coins")
COLUMNS = {name: described for name, make in FAMILIES.items() if isinstance(described := make().described, Columns)}
WITHOUT = {  # families without a derivation, and why
    name: "nobody has written one." for name in FAMILIES if name not in PLACES and name not in COLUMNS
}


def derived_names() -> tuple[str, ...]:
    """What can be derived by name: the mixing proportions, the transitions of a chain, and families."""
    return ("proportions", "transitions", *(name for name in FAMILIES if name in PLACES or name in COLUMNS))


def derivation(subject: Any) -> Derivation:
    """The M-step of a family (by name, or ``"proportions"``, ``"transitions"``), or of a lesson, derived step by step.

    SymPy differentiates, solves and checks the maximum; nothing is pasted. A lesson with coins is derived in its own symbols;
    of a table of cells, gene counting; of a hidden Markov chain, transitions and the family; of another lesson, the family.
    Needs SymPy, the extra ``teach``.
    Errors: ModelError naming what there is; RuntimeError if SymPy could not confirm a step.

    Nine steps; what is last is the proof that the stationary point is a maximum:

    >>> import emkit as ek
    >>> made = ek.derivation("poisson")
    >>> made.title, len(made.steps)
    ('Poisson columns: the mean count', 9)
    >>> made.steps[-1].formulas[1]
    -N_k**2/S_k < 0
    """
    if find_spec("sympy") is None:
        raise ModelError("derivations need SymPy, which is not installed: pip install 'emkit[teach]'.")
    if isinstance(subject, str):
        return _of_family(subject)
    if getattr(subject, "name", None) in COINS and hasattr(subject, "source"):
        made: Derivation = import_module(f"{__name__}.coins").derive(subject)
        return made
    table = bare(getattr(subject, "model", subject))
    if isinstance(table, Cells):
        title = getattr(subject, "title", "A table of sums of latent cells")
        counted: Derivation = import_module(f"{__name__}.gene_counting").derive(f"{title}: the M-step", table)
        return counted
    if isinstance(table, HiddenMarkovChain):
        check_divides_counts(table)
        title = f"{getattr(subject, 'title', 'A hidden Markov chain')}: the M-step"
        try:
            inner: Derivation | None = _of_components(table.family, table)
        except ModelError:  # nobody has written one
            inner = None
        chain: Derivation = import_module(f"{__name__}.chain").derive(title, inner)
        return chain
    return _of_components(getattr(table, "family", subject), subject)


def _of_components(family: Any, subject: Any) -> Derivation:
    name, described = getattr(family, "name", repr(subject)), getattr(family, "described", None)
    if name not in FAMILIES and isinstance(described, Columns):
        return _of_columns(name, described)
    return _of_family(name)


@cache
def _of_family(name: str) -> Derivation:
    if name in WITHOUT:
        raise ModelError(f"{name} has no derivation: {WITHOUT[name]}")
    if name in COLUMNS:
        return _of_columns(name, COLUMNS[name])
    if name not in PLACES:
        unknown = "" if name in FAMILIES else f"; {name} is no family of emkit"
        raise ModelError(f"there is no derivation of {name!r}{unknown}. There are {', '.join(derived_names())}.")
    module, function = PLACES[name]
    made: Derivation = getattr(import_module(f"{__name__}.{module}"), function)()
    return made


def _of_columns(name: str, described: Columns) -> Derivation:
    made: Derivation = import_module(f"{__name__}.one_parameter").derive(name, described)
    return made
