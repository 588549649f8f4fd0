"""What estimators of mixed models by formula share: the rows of a frame, the model that a formula says, and random effects."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from emkit.by_group import column_of_labels
from emkit.core.arrays import Array, Integers
from emkit.data.design import INTERCEPT, Design, DesignRows
from emkit.data.design.random_terms import MixedFormula, mixed_formula
from emkit.data.frames import library_of
from emkit.data.source import ArraySource
from emkit.errors import EmkitWarning, ParameterError
from emkit.estimators.allowed import Allowed, OneOf
from emkit.estimators.mixed_rows import Names, as_they_lie, codes, design_of, in_groups, labels_in
from emkit.estimators.one_model import FITTING, OneModel
from emkit.models.mixed_layout import MixedLayout
from emkit.models.nested import Nested
from emkit.models.random_effects import COVARIANCES

FRAMES: dict[str, Allowed] = {
    "covariance": OneOf(tuple(COVARIANCES), also=" or None", or_none=True),
    "gaps": OneOf(("refuse", "drop")),
    **FITTING,
}


class OfFrames(OneModel):
    """An estimator of a `formula` with brackets of random effects. A subclass has the settings of `FRAMES`."""

    formula: str
    covariance: str | None
    gaps: Any
    design_: Design
    groups_: list[Any]
    inner_groups_: list[Any]
    _allowed: ClassVar[dict[str, Allowed]] = FRAMES

    _gate_names: Names
    _said: MixedFormula  # the formula, as the rows of the fit have it

    @property
    def _predictors(self) -> str:
        """The terms on which sizes of classes depend, as a formula writes them; none of most."""
        return ""

    def _read(self, frame: object, sample_weight: object) -> tuple[MixedFormula, ArraySource, tuple[Names, ...]]:
        """What the formula says, the rows, group after group, and the names of the effects of each level.

        Sets `design_`, `groups_` and `inner_groups_`. Warns of rows that are left out. Errors: DataError, ParameterError.
        """
        options: dict[str, Any] = {"gaps": self.gaps, "weights": sample_weight}
        read = mixed_formula(self.formula)
        made = design_of(self.formula, read, frame, options, self._predictors)
        said = self._said = as_they_lie(read, frame, made[0].rows(frame, **options))
        if said.groups != read.groups:
            made = design_of(self.formula, said, frame, options, self._predictors)
        self.design_, names, self._gate_names = made
        if len(self.design_.response) != 1 or self.design_.response_levels is not None:
            raise ParameterError(f"the response of {said.fixed!r:.60} must be one column of numbers.")
        rows = self.design_.rows(frame, **options)
        if rows.dropped:
            warnings.warn(rows.sentence, EmkitWarning, stacklevel=4)
        source, self.groups_, self.inner_groups_ = in_groups(self.design_, said, rows, frame, sample_weight, library_of(frame))
        return said, source, (*names, ())[:2]

    def _rows_of(self, frame: object, sample_weight: object = None) -> ArraySource:
        """Rows as those of the fit."""
        check_is_fitted(self)
        rows = self.design_.rows(frame, gaps=self.gaps, weights=sample_weight).some
        return in_groups(self.design_, self._said, rows, frame, sample_weight, None)[0]

    def _mixed(self, kind: Any, said: MixedFormula, names: tuple[Names, ...]) -> Any:
        """The mixed model, of this kind, that the formula says."""
        each = (self.design_.covariates, *names)
        (fixed, effects, inner), ones = map(_without_one, each), [INTERCEPT in own for own in each]
        response, nested = self.design_.response[0], None
        if said.inner is not None:
            column = column_of_labels(said.inner.groups, (*self.design_.covariates, *self.design_.gate))
            nested = Nested(column, inner, ones[2], self._form(said.inner.apart))
        return kind(response, fixed, effects, ones[0], ones[1], self._form(said.apart), nested=nested)

    def _form(self, apart: bool) -> str:
        covariance = self.covariance or ("diagonal" if apart else "unstructured")
        if apart and covariance == "unstructured":
            raise ParameterError("covariance is 'unstructured', and two bars in the formula say that effects do not correlate.")
        return covariance

    def _drawn(
        self, frame: object, rows: DesignRows, layout: MixedLayout, roots: Sequence[Array], of: Integers, rng: Any
    ) -> Array:
        """What new random effects of each group add to its rows (n,).

        `roots` (K, r, r) of the covariance of each level in each class, and the class `of` each row (n,).
        """
        x = rows.among(self.result_.source.columns)
        drawn = np.zeros(len(of))
        for own, design, root in zip(labels_in(frame, self._said, rows, self.design_), layout.levels, roots, strict=True):
            code, known = codes(own, rows)
            standard = rng.standard_normal((len(known), root.shape[-1]))
            drawn = drawn + np.einsum("nr,nrs,ns->n", design.plain(x), root[of], standard[code])
        return drawn


def _without_one(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name != INTERCEPT)
