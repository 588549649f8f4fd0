"""How the numbers of one EM step are written down, for each kind of model."""

from __future__ import annotations

from functools import singledispatch

from emkit.core.protocols import LatentModel
from emkit.explain.arithmetic.cells_arithmetic import CellsArithmetic
from emkit.explain.arithmetic.chain_arithmetic import ChainArithmetic
from emkit.explain.arithmetic.mixture_arithmetic import MixtureArithmetic
from emkit.explain.arithmetic.model import AnyArithmetic, ModelArithmetic
from emkit.explain.arithmetic.values import Tally, Update
from emkit.explain.symbols import Symbols
from emkit.models.around import bare
from emkit.models.cells import Cells
from emkit.models.hidden_markov import HiddenMarkovChain
from emkit.models.mixture import Mixture, P, S

__all__ = ["AnyArithmetic", "ModelArithmetic", "Tally", "Update", "arithmetic_of"]


@singledispatch
def _kind(model: object) -> type[AnyArithmetic]:
    return ModelArithmetic


_kind.register(Mixture, lambda model: MixtureArithmetic)
_kind.register(HiddenMarkovChain, lambda model: ChainArithmetic)
_kind.register(Cells, lambda model: CellsArithmetic)


def arithmetic_of(model: LatentModel[P, S], before: P, symbols: Symbols) -> ModelArithmetic[P, S]:
    """The arithmetic of one step of `model` from the parameters `before`."""
    inner = bare(model)
    try:
        updated = frozenset(model.updates())
    except NotImplementedError:  # a model of the reader's own that writes m_step whole
        updated = frozenset()
    return _kind(inner)(inner, before, symbols, updated)
