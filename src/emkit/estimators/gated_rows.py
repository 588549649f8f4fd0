"""Hidden Markov chains whose transitions and first states formulas tell: the columns of their rows, and the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from emkit.data.design import INTERCEPT, Design, columns_read, parsed
from emkit.data.design.named_columns import NamedColumns
from emkit.data.frames import chosen_columns
from emkit.data.validate import opened_frame
from emkit.errors import DataError, ParameterError
from emkit.families import as_family, beside_covariates
from emkit.families.conditional import leaves_others
from emkit.models.gated_chain import GatedHiddenMarkovChain

NOTHING = "~ 1"


def is_formula(value: Any) -> bool:
    """Whether a parameter of an estimator is a formula, such as ``"~ x + z"``."""
    return isinstance(value, str) and "~" in value


def right_side(name: str, formula: str) -> str:
    """What stands right of the ~. Errors: ParameterError for more than that, or no intercept; those of `parsed`."""
    said = parsed(formula)
    if said.response or said.gate is not None or () not in said.terms:
        raise ParameterError(f"{name} is {formula!r:.60}; it must be of covariates and an intercept, as '~ x + z' is.")
    return formula.partition("~")[2].strip()


@dataclass(frozen=True)
class GatedRows:
    """The `design` of covariates, transitions right of the ~ and first states behind the |, and the `observed` columns.

    A family for given columns, such as a regression, observes them all; a mapping those that it names; any other family those
    that no formula names.
    """

    design: Design
    observed: tuple[str, ...]

    @classmethod
    def of(cls, transitions: str | None, initial: str | None, family: Any, data: Any) -> Self:
        """Errors: ParameterError for formulas; those of `Design.of`; DataError for what is no data frame."""
        sides = right_side("transitions", transitions or NOTHING), right_side("initial", initial or NOTHING)
        columns = getattr(opened_frame(data), "columns", None)
        if columns is None:
            raise DataError("formulas are of columns by name: give a data frame, or a dictionary of columns.")
        formula = f"~ {sides[0]} | {sides[1]}"
        _refuse_gaps(data, formula)
        design = Design.of(formula, data)
        if isinstance(family, Mapping):
            observed = [column for key in family for column in (key if isinstance(key, tuple) else (key,))]
        else:
            read = () if leaves_others(as_family(family)) else design.columns_read()
            observed = [column for column in columns if column not in read]
        if not observed:
            raise DataError("all columns are covariates of the formulas, so that none is left for the states to tell.")
        return cls(design, tuple(observed))

    def frame(self, data: Any) -> Any:
        """A data frame of the columns that are observed, and those of the design. Errors: those of `Design.rows`."""
        import narwhals.stable.v1 as nw

        _refuse_gaps(data, self.design.formula)
        made = self.design.rows(data, response=False)
        seen = nw.from_native(chosen_columns(opened_frame(data).to_native(), self.observed))
        covariates = {name: made.x[:, j] for j, name in enumerate(made.columns) if name != INTERCEPT}
        beside = [nw.new_series(name, cells, backend=seen.implementation) for name, cells in covariates.items()]
        return seen.with_columns(*beside).to_native()

    def chain(self, family: Any) -> GatedHiddenMarkovChain[Any, Any]:
        """The model. Errors: ModelError for a family that does not go with the columns."""
        moves, first = ([name for name in names if name != INTERCEPT] for names in (self.design.covariates, self.design.gate))
        every = beside_covariates(family, self.observed, tuple(dict.fromkeys([*moves, *first])))
        return GatedHiddenMarkovChain(every, transitions=tuple(moves), initial=tuple(first))


def _refuse_gaps(data: Any, formula: str) -> None:
    """Raise DataError naming the first covariate that is missing."""
    read = NamedColumns.read(data, columns_read(formula), "row {}".format)
    if read.gaps().any():
        raise DataError(
            f"{read.first_gap()} is missing, and moves between states need every covariate. Fill it, as with its last value; "
            "where it moves nothing, as into the first row of a sequence, any number will do."
        )
