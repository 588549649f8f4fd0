"""What the model leaves unexplained, as far as there are residuals for its columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from emkit.data.chunk import as_float64
from emkit.data.source import ArraySource
from emkit.explain.subject import subject_of
from emkit.inference import goodness_of_fit
from emkit.inference.delta import p_told
from emkit.models.around import bare
from emkit.models.components import Components
from emkit.models.gated_mixture import GatedMixture
from emkit.models.mixture import Mixture
from emkit.views import Rootogram, bivariate_residuals, pseudo_residuals, rootogram
from emkit.views.residuals import values_of_columns
from emkit.writeup.document import Cell, Figure, Number, Paragraph, Section, Table, fixed
from emkit.writeup.words import NOT_HERE, AnyInferred, answer, names_in

WORST = 10  # pairs of columns
BEYOND = 4.0  # a residual of a pair that says that the components do not explain it
MOST_VALUES = 60  # of counts that are told one by one
TITLE = "Residuals"
PAIRS = (
    "Pearson's chi-square of the table of two columns, divided by its degrees of freedom: about 1 where the components explain "
    "how the two go together, 4 and more where they do not."
)
HANGING = "What is observed hangs from what is expected; where bars miss the line at 0, the model does."
QUANTILES = (
    "Randomised quantile residuals: standard normal in each column if the model is right, with mean 0, sd 1, skewness 0 and "
    "excess kurtosis (the fourth moment about the mean over the squared variance, less 3) 0."
)


def residuals_section(result: AnyInferred) -> Section | None:
    """Pairs of columns of levels; one column of small counts beside its expectation; quantile residuals of all others."""
    model = bare(result.model)
    if not isinstance(model, Mixture | GatedMixture):
        return None if isinstance(model, Components) else _of_normals(result)
    if not result.source.is_here:
        return Section("residuals", TITLE, (Paragraph(NOT_HERE.format("residuals")),))
    if not isinstance(result.source, ArraySource):
        return None
    support = model.family.support
    parts = [*_pairs(result)] if support.whole and (support.takes_names or np.isfinite(support.most)) else [*_counts(result)]
    parts = parts or [*_quantiles(result)]
    return Section("residuals", TITLE, tuple(parts)) if parts else None


def _of_normals(result: AnyInferred) -> Section | None:
    """Of a model without components, whose rows are here; of one without residuals, nothing."""
    if not isinstance(result.source, ArraySource) or not result.source.is_here:
        return None
    parts = tuple(_quantiles(result))
    return Section("residuals", TITLE, parts) if parts else None


def _pairs(result: AnyInferred) -> Iterator[Paragraph | Table]:
    values = answer(lambda: values_of_columns(result.model, result.source))
    if isinstance(values, str):
        return
    found = goodness_of_fit(result.model, result.params, result.source, tuple(map(len, values)), result.free_parameters)
    if found is not None:
        facts: list[tuple[str, Cell]] = [
            ("G2, the likelihood ratio against the table of all patterns", fixed(found.G2, 4)),
            ("X2, Pearson's chi-square", fixed(found.X2, 4)),
            ("degrees of freedom", Number(str(found.degrees_of_freedom))),
            ("p of G2", _p(found.G2_p_value)),
            ("p of X2", _p(found.X2_p_value)),
            ("rows without a missing cell, of which all this is", Number(f"{found.rows:.10g}")),
            ("patterns seen", Number(str(found.patterns))),
            ("patterns possible", Number(str(found.possible))),
        ]
        sparse = "Where most patterns are expected less than once, these p-values mean little."
        yield Table("Fit to the table of all patterns", (), tuple(facts), (sparse,))
    residuals = answer(lambda: bivariate_residuals(subject_of(result), result.params))
    if isinstance(residuals, str) or len(residuals.columns) < 2:
        return
    called = {name: names_in(result).column(j) for j, name in enumerate(residuals.columns)}
    rows = tuple((called[one], called[other], fixed(value, 3)) for one, other, value in residuals.worst(WORST))
    every = residuals.values[np.triu_indices(len(residuals.columns), 1)]
    large = f"{int((every >= BEYOND).sum())} of {len(every)} pairs have a residual of {BEYOND:g} or more."
    yield Paragraph(f"{PAIRS} {large}")
    caption = "Bivariate residuals" + (f", the largest {len(rows)}" if len(every) > len(rows) else "")
    yield Table(caption, ("column", "with", "residual"), rows)


def _p(value: float) -> Number | None:
    return Number(p_told(value)) if np.isfinite(value) else None


def _counts(result: AnyInferred) -> Iterator[Table | Figure]:
    view = answer(lambda: rootogram(subject_of(result), result.params))
    if isinstance(view, Rootogram) and len(view.x) <= MOST_VALUES:
        shown = zip(view.x, view.observed, view.expected, strict=True)
        rows = tuple((Number(f"{x:g}"), Number(f"{seen:.10g}"), fixed(expected, 2)) for x, seen, expected in shown)
        yield Table("Counts beside their expectation", ("value", "rows observed", "rows expected"), rows)
        yield Figure("rootogram", HANGING)


def _quantiles(result: AnyInferred) -> Iterator[Paragraph | Table]:
    view = answer(lambda: pseudo_residuals(subject_of(result), result.params))
    if isinstance(view, str):
        return
    found, source = view.randomised(), result.source
    weights = np.concatenate([as_float64(chunk.weights) for chunk in result.source.chunks()])
    columns = [(i, source.columns.index(name)) for i, name in enumerate(view.columns)]
    numbers = [(i, j) for i, j in columns if source.levels[j] is None]
    rows = tuple((names_in(result).column(j), *_moments(found[:, i], weights)) for i, j in numbers)
    if rows:
        yield Paragraph(QUANTILES)
        yield Table("Quantile residuals", ("column", "mean", "sd", "skewness", "excess kurtosis", "beyond +-1.96 %"), rows)


def _moments(residuals: Any, weights: Any) -> Iterator[Number | None]:
    there = np.isfinite(residuals)
    z, w = residuals[there], weights[there] / weights[there].sum()
    mean = float(w @ z)
    sd = float(np.sqrt(w @ (z - mean) ** 2))
    yield from (fixed(mean, 3), fixed(sd, 3))
    for power, of_a_normal in ((3, 0), (4, 3)):
        yield fixed(float(w @ ((z - mean) / sd) ** power) - of_a_normal, 3) if sd > 0 else None
    yield fixed(100 * float(w @ (np.abs(z) > 1.96)), 1)
