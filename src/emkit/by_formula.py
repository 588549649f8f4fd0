"""Models that formulas say: which regression, of which columns."""

from __future__ import annotations

from copy import copy
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.core.checks import is_count
from emkit.data.chunk import Chunk, as_float64, unit_weights
from emkit.data.design import INTERCEPT, Design, Gaps, parsed
from emkit.data.frames import TRUTHS
from emkit.data.like import rows_like
from emkit.data.source import ArraySource
from emkit.data.validate import RowName
from emkit.errors import DataError, ModelError, ParameterError, some_of
from emkit.families.regression_named import REGRESSIONS, has_trials, regression_named
from emkit.families.with_zeros import class_names, named_with_zeros, with_zeros
from emkit.fitted import AnyFitted
from emkit.models.around import bare
from emkit.models.components import AnyComponents, Components
from emkit.models.gated_mixture import GatedMixture
from emkit.models.hidden_markov import HiddenMarkovChain
from emkit.models.mixture import Mixture


def regression_design(formula: Any, data: Any, family: Any, trials: Any, **known: Any) -> Design:
    """The design of a regression's formula for these data; `known` are the other arguments of `Design.of`.

    Errors: ParameterError for a formula, a family or trials of which no mixture of regressions is made; those of `Design.of`.
    """
    regression = regression_named(named_with_zeros(family)[1])
    if trials is not None and not has_trials(regression):
        those = ", ".join(f"family={name!r}" for name, kind in REGRESSIONS.items() if has_trials(kind))
        raise ParameterError(f"trials is {trials!r:.60}, and {family} responses have none; it is for {those}.")
    if trials is not None and not isinstance(trials, str) and not is_count(trials):
        raise ParameterError(f"trials is {trials!r:.60}; it must be a whole number >= 1, or the name of a column.")
    said = parsed(formula)
    if len(said.response) != 1:
        has = f"has {len(said.response)} on its left side" if said.response else "has nothing on its left side"
        raise ParameterError(f"the formula {formula!r:.60} {has}; a regression is of one response, as in 'y ~ x'.")
    design = Design.of(formula, data, trials=trials if isinstance(trials, str) else None, **known)
    levels = design.response_levels
    if levels not in (None, TRUTHS):
        raise DataError(
            f"the response {design.response[0]!r} holds names ({some_of(levels or ())}), and a regression is of numbers: give "
            "a column of 0 and 1, or of truths, that says which rows have one of them."
        )
    return design


def regression_model(design: Design, family: str, trials: Any, n_components: int) -> AnyComponents:
    """The mixture of regressions of a design, with proportions that depend on its gate, if it has one.

    Columns are found by name. Zeros are the last of the components, if the family says that they have a class of their own.
    """
    zeros, name = named_with_zeros(family)
    given: dict[str, Any] = {"offset": design.offset, "intercept": INTERCEPT in design.covariates}
    if trials is not None:
        given["trials"] = trials
    try:
        one = regression_named(name)(design.response[0], _without_intercept(design.covariates), **given)
        regression = with_zeros(zeros, one, n_components)
        gate = _without_intercept(design.gate)
        if not gate:
            return Mixture(regression)
        return GatedMixture(regression, gate, intercept=INTERCEPT in design.gate)
    except ModelError as error:
        raise ParameterError(f"the formula cannot be fitted: {error}") from None


def with_class_names(source: ArraySource, family: str, n_components: int) -> ArraySource:
    """The rows with names for the classes, where zeros have one of their own; else the rows as they are."""
    names = class_names(named_with_zeros(family)[0], n_components)
    if not names:
        return source
    named = copy(source)
    named.component_names = names
    return named


def _without_intercept(columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in columns if name != INTERCEPT)


class Means(NamedTuple):
    """The mean of the response of rows given each component, and the proportions of the components, shape (n, K) each."""

    each: Array
    proportions: Array

    @property
    def of_all(self) -> Array:
        """The mean of the response (n,), of all components by their proportions."""
        return np.asarray((self.each * self.proportions).sum(axis=1))


def means_of(fitted: AnyFitted, data: Any, gaps: Gaps = "refuse", row_name: RowName = "row {}".format) -> Means:
    """What a fit of regressions says of rows without their response: NaN where there are gaps that are dropped.

    Errors: ModelError for another fit; DataError for rows that cannot be.
    """
    design = fitted.source.design
    if design is None:
        chunks = rows_like(fitted.source, data).chunks()
        return _means(fitted, np.concatenate([as_float64(chunk.x) for chunk in chunks]))
    rows = design.rows(data, response=False, gaps=gaps, row_name=row_name)
    return Means(*map(rows.of_all, _means(fitted, rows.among(fitted.source.columns))))


def _means(fitted: AnyFitted, x: Array) -> Means:
    model, params = bare(fitted.model), fitted.params
    given = model.family.conditional if isinstance(model, Components) else None
    if not isinstance(model, Components) or given is None:
        raise ModelError("the fit is of no regression, so there is no response of which to tell the mean.")
    if isinstance(model, HiddenMarkovChain):
        raise ModelError(
            "the state of a row in sequence depends on the responses before it, which are not known here: forecast tells the "
            "states to come, and family.means the mean of the response in each."
        )
    each = given.means(params.components, x)
    if each is None:
        raise ModelError("the components of the fit are not all regressions of one column, of which there would be a mean.")
    return Means(each, model.outlook(params, Chunk(x, unit_weights(len(x)))))
