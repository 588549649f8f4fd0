"""What a fitted model says of rows, which it has not seen: where they belong, and how likely they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.core.checks import check_count
from emkit.core.ready import refuse_gaps
from emkit.data.chunk import Chunk
from emkit.data.frames import in_words
from emkit.data.profile import Levels
from emkit.data.source import RowSource
from emkit.errors import DataError, ModelError, ParameterError
from emkit.models.assignment import Posterior
from emkit.models.belonging import Belonging
from emkit.models.chains import Path
from emkit.models.components import Components
from emkit.models.frozen import AnyModel, bare
from emkit.models.messages import filtered
from emkit.models.order import component_count, mismatch


def posterior_of(model: AnyModel, params: Any, source: RowSource) -> Posterior:
    """Responsibilities (n, K) of all rows, and log-likelihoods (n,), of groups of rows (G,) where they come in groups.

    They are NaN and -inf for what is impossible under every component.
    Errors: DataError naming row, column and value of what the model cannot take; ModelError for a model of no components.
    """
    parts = [part for _, part in _parts(model, params, source)]
    return Posterior(
        np.concatenate([part.responsibilities for part in parts]), np.concatenate([part.log_likelihood for part in parts])
    )


def latent_of(model: AnyModel, params: Any, source: RowSource) -> tuple[Array, Array]:
    """Means and covariances of the continuous latent variables of all rows, or groups of rows.

    Errors: ModelError for a model that has none; DataError naming row, column and value of what the model cannot take.
    """
    refuse_gaps(model, source)
    found = [bare(model).latent(params, chunk) for chunk in source.chunks()]
    means, covariances = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return means, covariances


def log_likelihood_of(model: AnyModel, params: Any, source: RowSource) -> float:
    """The log-likelihood of all rows: -inf if one is impossible under every component. Errors: those of `posterior_of`."""
    return sum(float(chunk.group_weights @ part.log_likelihood) for chunk, part in _parts(model, params, source))


def belonging(model: AnyModel, params: Any, source: RowSource) -> Array:
    """The responsibilities (n, K). Errors: those of `posterior_of`; DataError naming a row that is impossible."""
    found = []
    for chunk, part in _parts(model, params, source):
        for unit in np.flatnonzero(np.isneginf(part.log_likelihood))[:1]:
            place = source.place_of_row(chunk.start + int(chunk.bounds[unit]))
            what = place if chunk.groups is None else f"the group of rows that begins with {place}"
            raise DataError(f"{what} is impossible under every component, so it belongs to none; score_samples gives it -inf.")
        found.append(part.responsibilities)
    return np.concatenate(found)


def paths_of(model: AnyModel, params: Any, source: RowSource) -> Path:
    """The likeliest states (n,) of rows in sequence, with log p(rows, states) of each (G,); -1 and -inf where none is possible.

    Errors: ModelError for a model whose states are no chain; DataError naming what the model cannot take.
    """
    source, inner = admitted(model, params, source), bare(model)
    found = [inner.decode(params, chunk) for chunk in source.chunks()]
    states, log_joint = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Path(states, log_joint)


def filtered_by(model: AnyModel, params: Any, source: RowSource, before: Array | None = None) -> Array:
    """p(state at t | the rows up to t) (n, K) of rows in sequence.

    `before` (G, K): the same of the row before each sequence, where it goes on from one. Errors: ModelError for a model whose
    states are no chain; DataError naming what the model cannot take, or a row that is impossible after those before it.
    """
    source, inner = admitted(model, params, source), bare(model)
    found, first = [], 0
    for chunk in source.chunks():
        last = first + len(chunk.bounds) - 1
        own = None if before is None else before[first:last]
        shares, first = filtered(inner.chain_over(params, chunk), inner.log_density(params, chunk), chunk, own), last
        for row in np.flatnonzero(np.isnan(shares[:, 0]))[:1]:
            place = source.place_of_row(chunk.start + int(row))
            raise DataError(f"{place} is impossible in every state, given the rows before it in its sequence.")
        found.append(shares)
    return np.concatenate(found)


def forecasts_of(model: AnyModel, params: Any, source: RowSource, steps: int) -> Array:
    """The probability of each state (G, steps, K) at 1, 2, ... rows after the last one of each sequence.

    Errors: ModelError for a model whose states are no chain, or move by what is not known; DataError naming what the model
    cannot take, or the first row of a sequence that no path explains.
    """
    source, inner = admitted(model, params, source), bare(model)
    found = []
    for chunk in source.chunks():
        own = inner.forecast(params, chunk, steps)
        for unit in np.flatnonzero(np.isnan(own[:, 0, 0]))[:1]:
            place = source.place_of_row(chunk.start + int(chunk.bounds[unit]))
            raise DataError(f"no path of states explains the sequence that begins with {place}, so nothing is told after it.")
        found.append(own)
    return np.concatenate(found)


def _parts(model: AnyModel, params: Any, source: RowSource) -> Iterator[tuple[Chunk, Posterior]]:
    source, inner = admitted(model, params, source), bare(model)
    return ((chunk, inner.posterior(params, chunk)) for chunk in source.chunks())


def admitted(model: AnyModel, params: Any, source: RowSource) -> RowSource:
    """The rows in the groups that the model takes them to be in. Errors: those of `posterior_of`."""
    refuse_without_components(model)
    inner = bare(model)
    source = inner.in_sequences(source)
    refuse_gaps(model, source)
    model.check(params, source.profile)
    return source


def refuse_without_components(model: AnyModel) -> None:
    """Raise ModelError for a model that has no components, with what its fits are asked instead."""
    inner: Any = bare(model)
    if isinstance(inner, Belonging):
        return
    instead = ""
    if inner.has_effects:
        instead = " The mean of the response of each row is result.means(X).of_all."
    elif inner.has_latent:
        instead = " Its latent numbers are result.latent(X): means, and how far each may lie from its mean."
    raise ModelError(f"{type(inner).__name__} has no components that a row could belong to.{instead}")


def heights_of(model: AnyModel, params: Any, source: RowSource) -> Array:
    """The log-likelihoods (n,) of rows, or (G,) of groups: -inf where impossible. Errors: those of `posterior_of`."""
    inner = bare(model)
    if isinstance(inner, Belonging):
        return posterior_of(model, params, source).log_likelihood
    refuse_gaps(model, source)
    return np.concatenate([_told(inner, inner.row_objectives(params, chunk)) for chunk in source.chunks()])


def heights_in(model: AnyModel, params: Any, chunk: Chunk) -> Array:
    """The same of the rows of one chunk, without a compiler. Errors: ModelError for a model that does not say."""
    inner = bare(model)
    if isinstance(inner, Belonging):
        return inner.plain_posterior(params, chunk).log_likelihood
    return _told(inner, inner.row_objectives(params, chunk))


def _told(model: AnyModel, heights: Array | None) -> Array:
    if heights is None:
        raise ModelError(f"{type(model).__name__} does not say how likely each row is.")
    return heights


def drawn_from(model: AnyModel, params: Any, levels: Levels, rows: int, random_state: Any) -> tuple[Any, Integers]:
    """So many rows (n, d) drawn, objects where columns have `levels` in words, and the component (n,) that each comes from.

    Errors: ModelError for a model of no components, or of a family that nothing can be drawn from.
    """
    check_count("n", rows, ModelError)
    inner = bare(model)
    if not isinstance(inner, Belonging):
        raise ModelError(f"{type(inner).__name__} has no components that rows could be drawn from.")
    drawn, components = inner.draw(params, np.random.default_rng(random_state), int(rows))
    return in_words(drawn, levels), components


def check_together(model: AnyModel, params: Any, columns: int) -> None:
    """Raise an error unless `params` are of this `model`, for so many columns of data: as far as can be told without a row.

    Errors: ParameterError; of components that are no parameters of the family, whatever its density raises.
    """
    found = mismatch(params)
    if found is not None:
        raise ParameterError(f"{found[0].path} and {found[1].path} are for different numbers of components")
    model.coordinates(params)
    inner = bare(model)
    if isinstance(inner, Components):
        shape = np.shape(inner.family.log_density(params.components, np.empty((0, columns))))
        if shape != (0, component_count(params) or 1):
            raise ParameterError(f"the components are not those of {type(inner.family).__name__} in {columns} columns")
