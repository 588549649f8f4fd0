"""Models that formulas say: which regression, of which columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from typing import Any, NamedTuple

import numpy as np

from emkit.core.arrays import Array
from emkit.core.checks import is_count
from emkit.data.chunk import Chunk, as_float64, unit_weights
from emkit.data.design import INTERCEPT, Design, Gaps, parsed
from emkit.data.design.codings import name_of_number
from emkit.data.frames import TRUTHS
from emkit.data.like import rows_like
from emkit.data.source import ArraySource
from emkit.data.validate import RowName
from emkit.errors import DataError, ModelError, ParameterError, some_of
from emkit.families.regression_named import REGRESSIONS, regression_named, takes
from emkit.families.with_zeros import class_names, named_with_zeros, with_zeros
from emkit.fitted import AnyFitted
from emkit.markup import table_as_text
from emkit.models.around import bare
from emkit.models.components import AnyComponents, Components
from emkit.models.gated_mixture import GatedMixture
from emkit.models.growth_mixture import GrowthMixture
from emkit.models.hidden_markov import HiddenMarkovChain
from emkit.models.mixture import Mixture

ENDS = (
    "If these are the ends of a response that is known up to intervals, no formula says them: a regression does, by upper=, as "
    "in ek.MixtureModel(ek.CensoredNormalRegression({!r}, ..., upper={!r}), 1)"
)
NUMBERS = int | float | np.integer | np.floating


def regression_design(formula: Any, data: Any, family: Any, trials: Any, levels: Any = None, **known: Any) -> Design:
    """The design of a regression's formula for these data; `known` are the other arguments of `Design.of`.

    `levels` are the names or numbers of those of the response, in order, or None.
    Errors: ParameterError for a formula, family or setting of which no mixture of regressions is made; those of `Design.of`.
    """
    regression = regression_named(named_with_zeros(family)[1])
    for setting, given in {"trials": trials, "levels": levels, "offset": known.get("offset")}.items():
        if given is not None and not takes(regression, setting):
            those = ", ".join(f"family={name!r}" for name, kind in REGRESSIONS.items() if takes(kind, setting))
            raise ParameterError(f"{setting} is {given!r:.60}, and {family} responses have none; it is for {those}.")
    for setting, more in (("offset", ", or what is made of some, as 'log(days)'"), ("groups", "")):
        text = known.get(setting)
        if text is not None and not isinstance(text, str):
            raise ParameterError(f"{setting} is a {type(text).__name__}; it must be text, the name of a column{more}.")
    if trials is not None and not isinstance(trials, str) and not is_count(trials):
        raise ParameterError(f"trials is {trials!r:.60}; it must be a whole number >= 1, or the name of a column.")
    said = parsed(formula)
    if len(said.response) not in ((1, 2, 3) if takes(regression, "event") else (1,)):
        has = f"has {len(said.response)} on its left side" if said.response else "has nothing on its left side"
        more = ""
        if takes(regression, "event"):
            more = ", or of a time and an event, as in 'time + event ~ x', or 'entry + time + event ~ x'"
        elif len(said.response) == 2:
            more = ". " + ENDS.format(*(factor.name for factor in said.response))
        raise ParameterError(
            f"the formula {formula!r:.60} {has}; a regression is of one response, as in 'y ~ x'{more.rstrip('.')}."
        )
    named = _names_of(levels) if takes(regression, "levels") else None
    design = Design.of(formula, data, trials=trials if isinstance(trials, str) else None, levels=named, **known)
    names = design.response_levels
    if named is None and names not in (None, TRUTHS):
        those = " or ".join(f"family={name!r}" for name, kind in REGRESSIONS.items() if takes(kind, "levels"))
        raise DataError(
            f"the response {design.response[0]!r} holds names ({some_of(names or ())}), and {family} responses are numbers: "
            f"choose {those}, or give a column of 0 and 1, or of truths, that says which rows have one of them."
        )
    return design


def response_of(design: Design) -> tuple[str, ...]:
    """The column of the response; of times also that of events, and that of the times of entry, which stand first of three."""
    entry, named = design.response[:-2], design.response[-2:]
    return (*named, *entry)


def _names_of(levels: Any) -> tuple[str, ...]:
    """Levels by name, none if none are given. Errors: ParameterError unless they are several names or numbers, each once."""
    if levels is None:
        return ()
    given = () if isinstance(levels, str) or not isinstance(levels, Iterable) else tuple(levels)
    names = tuple(
        name_of_number(float(each)) if isinstance(each, NUMBERS) and not isinstance(each, bool) else str(each) for each in given
    )
    if len(names) < 2 or len(set(names)) < len(names):
        raise ParameterError(f"levels is {levels!r:.60}; it must name at least two levels in their order, each once.")
    return names


def regression_model(design: Design, family: str, trials: Any, n_components: int) -> AnyComponents:
    """The mixture of regressions of a design, with proportions that depend on its gate, if it has one.

    Columns are found by name. Zeros are the last of the components, if the family says that they have a class of their own.
    """
    zeros, name = named_with_zeros(family)
    kind, given = regression_named(name), {"offset": design.offset, "trials": trials}
    given = {setting: value for setting, value in given.items() if value is not None}
    response, *more = response_of(design)
    given |= dict(zip(("event", "entry"), more, strict=False))
    if INTERCEPT not in design.covariates:
        given["intercept"] = False
        if not takes(kind, "intercept"):
            raise ParameterError(f"{family} responses have cutpoints in place of an intercept: leave '- 1' or '0 +' out.")
    try:
        one = kind(response, _without_intercept(design.covariates), **given)
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

    def __repr__(self) -> str:
        columns = {"row": [*range(len(self.each))], "of all": self.of_all.tolist()}
        each = {f"of {k + 1}": mean.tolist() for k, mean in enumerate(self.each.T)}
        return table_as_text({**columns, **(each if len(each) > 1 else {})}, "Means of the response")


class LevelShares(NamedTuple):
    """The probability of each of the `levels` given each component (n, K, levels), and the proportions (n, K) of these."""

    each: Array
    proportions: Array
    levels: tuple[str, ...]

    @property
    def of_all(self) -> Array:
        """The probability of each level (n, levels), of all components by their proportions."""
        return np.asarray((self.each * self.proportions[:, :, None]).sum(axis=1))

    def __repr__(self) -> str:
        shares = {name: share.tolist() for name, share in zip(self.levels, self.of_all.T, strict=True)}
        return table_as_text({"row": [*range(len(self.each))], **shares}, "Probabilities of the levels, of all components")


def means_of(fitted: AnyFitted, data: Any, gaps: Gaps = "refuse", row_name: RowName = "row {}".format) -> Means:
    """What a fit of regressions says of rows without their response: NaN where there are gaps that are dropped.

    Errors: ModelError for another fit; DataError for rows that cannot be.
    """
    classes = bare(fitted.model)
    if isinstance(classes, GrowthMixture):
        return Means(*_told(fitted, lambda x: classes.means(fitted.params, x), data, gaps, row_name))
    if is_in_levels(fitted):
        raise ModelError("a response in levels has no mean; each level has a probability.")
    model = _model_of(fitted)
    return Means(*_told(fitted, lambda x: _means(model, fitted.params, x), data, gaps, row_name))


def level_shares_of(fitted: AnyFitted, data: Any, gaps: Gaps = "refuse", row_name: RowName = "row {}".format) -> LevelShares:
    """What a fit of regressions of levels says of rows without their response; see `means_of`."""
    given: Any = _model_of(fitted).family.conditional
    names = given.level_names(fitted.params.components)
    if names is None:
        raise ModelError("the response of the fit is of numbers, and has no levels; each component has a mean of it.")
    each, proportions = _told(fitted, lambda x: given.shares(fitted.params.components, x), data, gaps, row_name)
    return LevelShares(each, proportions, names)


def is_in_levels(fitted: AnyFitted) -> bool:
    """Whether the response of a fit of regressions is in levels. Errors: ModelError for another fit."""
    given: Any = _model_of(fitted).family.conditional
    return given.level_names(fitted.params.components) is not None


def _model_of(fitted: AnyFitted) -> AnyComponents:
    """The model of a fit of regressions. Errors: ModelError for another fit."""
    model = bare(fitted.model)
    if not isinstance(model, Components) or model.family.conditional is None:
        raise ModelError("the fit is of no regression, so there is no response of which to tell the mean.")
    if isinstance(model, HiddenMarkovChain):
        raise ModelError(
            "the state of a row in sequence depends on the responses before it, which are not known here: forecast tells the "
            "states to come, and family.means the mean of the response in each."
        )
    return model


def _means(model: AnyComponents, params: Any, x: Array) -> Array:
    given = model.family.conditional
    each: Array | None = None if given is None else given.means(params.components, x)
    if each is None:
        raise ModelError("the components of the fit are not all regressions of one column, of which there would be a mean.")
    return each


def _told(fitted: AnyFitted, tell: Callable[[Array], Array], data: Any, gaps: Gaps, row_name: RowName) -> tuple[Array, Array]:
    """What the family tells of each row in each component (n, K, ...), and the proportions (n, K)."""
    design, model, params = fitted.source.design, bare(fitted.model), fitted.params

    def told(x: Array) -> tuple[Array, Array]:
        return tell(x), model.outlook(params, Chunk(x, unit_weights(len(x))))

    if design is None:
        return told(np.concatenate([as_float64(chunk.x) for chunk in rows_like(fitted.source, data).chunks()]))
    rows = design.rows(data, response=False, gaps=gaps, row_name=row_name)
    each, proportions = told(rows.among(fitted.source.columns))
    return rows.of_all(each), rows.of_all(proportions)
