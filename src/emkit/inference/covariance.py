"""How far estimates would vary from sample to sample: their covariance, by four kinds of information."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from emkit.core.arrays import Array
from emkit.core.protocols import LatentModel, Source
from emkit.data.groups import labels_of
from emkit.errors import DataError, ModelError
from emkit.inference.identifiability import WRONG
from emkit.inference.information import OVERFLOWS, Information
from emkit.inference.near import Near
from emkit.inference.rows import all_scores
from emkit.markup import Tabled, ToldTable

Kind = Literal["information", "opg", "robust", "cluster"]
KINDS: tuple[str, ...] = get_args(Kind)
KINKS = "the log-likelihood has kinks, and a sandwich needs its curvature"
SINGULAR = "the information matrix is singular: see identifiability()"


MOVED = 1e-5  # of a derivative, along flat directions: what moves less is told in spite of them


class Across(NamedTuple):
    """What is told where directions are `flat` (q, f): the covariance `matrix` (q, q) across these."""

    matrix: Array
    flat: Array


@dataclass(frozen=True, eq=False, repr=False)
class Covariance(Tabled):
    """The covariance `matrix` (q, q) of the estimates `near` a point, along the columns of `basis` (q, q).

    Where there is none, `matrix` is None, and `reason` says why; if it is that the likelihood is flat along some directions,
    `across` these has what is told of functions that do not move along them.
    Source of such functions: Searle (1971), Linear Models, section 5.4.
    """

    near: Near
    basis: Array
    kind: str
    matrix: Array | None
    reason: str = ""
    across: Across | None = None

    def of(self, function: Callable[[Any], Array]) -> Array:
        """The covariance (m, m) of a function of the parameters with m values, by the delta method; NaN if there is none."""
        slope = self.near.derivative(function, self.basis)
        if self.matrix is not None:
            return slope @ self.matrix @ slope.T
        if self.across is None:
            return np.full((len(slope),) * 2, np.nan)
        found = slope @ self.across.matrix @ slope.T
        moves = np.linalg.norm(slope @ self.across.flat, axis=1) > MOVED * np.linalg.norm(slope, axis=1)
        found[moves, :] = found[:, moves] = np.nan
        return found

    def _as_table(self) -> ToldTable:
        number = len(self.near.names)
        said = self.reason or f"by {self.kind}; standard_errors() of the fit has the errors, and of(function) what follows"
        return ToldTable(f"Covariance of the estimates of {number} parameters: {said}.")


def covariance(
    model: LatentModel[Any, Any], source: Source[Any], found: Information, kind: str = "information", clusters: Any = None
) -> Covariance:
    """The covariance of the estimates, from the observed information `found` and the rows of `source`.

    `kind`: "information", its inverse: right if the model is; weights count how often a row occurs. "opg": the inverse of the
    outer product of the scores of rows. "robust": the sandwich of both, right for the parameters that come nearest to the
    truth whether the model is true or not; each row (or group) is one observation, and its weight a sampling weight.
    "cluster": the same with rows of one cluster as one observation; `clusters` (n,) label the rows, in any order.
    The last two are multiplied by G / (G - 1), where there are G observations.
    Errors: ModelError for another kind, without clusters, or "opg" of a model with a prior; DataError unless there
    is a label for each row.
    Source: White (1982), Econometrica 50, 1-25; Liang & Zeger (1986), Biometrika 73, 13-22.
    """
    if kind not in KINDS:
        raise ModelError(f"kind is {kind!r}; it must be one of {', '.join(KINDS)}.")
    if kind == "cluster" and clusters is None:
        raise ModelError('kind="cluster" needs to know which rows belong together: give clusters=, a label for each row.')
    if kind != "cluster" and clusters is not None:
        raise ModelError(f'clusters= are of kind="cluster", and kind is "{kind}": say kind="cluster", or leave clusters out.')
    if kind == "opg" and model.states_prior:
        raise ModelError('kind="opg" adds up what rows tell, and a prior is told by none: ask for "information".')
    near, bread = found.near, _inverse(found.matrix, found.least)
    reason, across = _why_none(found, bread), _across(found) if bread is None else None
    if kind == "information":
        return Covariance(near, found.basis, kind, bread, reason, across)
    scores, weights = all_scores(model, found, source)
    if kind == "opg":
        inverse = _inverse(scores.T @ (weights[:, None] * scores), found.least)
        return Covariance(near, found.basis, kind, inverse, "" if inverse is not None else reason or SINGULAR)
    if (bread is None and across is None) or found.has_kinks:
        return Covariance(near, found.basis, kind, None, reason or KINKS)
    total = _by_cluster(scores * weights[:, None], clusters) if kind == "cluster" else scores * weights[:, None]
    number = len(total)
    if number < 2:
        raise DataError(f"kind={kind!r} needs two observations at least, and there is {number}.")
    meat = total.T @ total * (number / (number - 1))
    if across is not None:
        across = Across(across.matrix @ meat @ across.matrix, across.flat)
    return Covariance(near, found.basis, kind, None if bread is None else bread @ meat @ bread, reason, across)


def _inverse(matrix: Array, least: float) -> Array | None:
    """The inverse of a matrix along a basis of directions that are alike; None if it has none."""
    if not len(matrix) or not np.isfinite(matrix).all() or np.linalg.eigvalsh(matrix)[0] < least:
        return None
    return np.asarray(np.linalg.inv(matrix))


def _across(found: Information) -> Across | None:
    """The inverse across flat directions; None if there are others without information, or if nothing is left."""
    if not found.near.size or not found.is_finite:
        return None
    values, vectors = np.linalg.eigh(found.matrix)
    flat = values < found.least
    if flat.all() or values[0] < WRONG:
        return None
    rest = vectors[:, ~flat]
    return Across(np.asarray(rest / values[~flat] @ rest.T), vectors[:, flat])


def _why_none(found: Information, bread: Array | None) -> str:
    if bread is not None:
        return ""
    if not found.near.size:
        return "every estimate lies on the boundary of its space" if found.near.names else "no parameter is free"
    return SINGULAR if found.is_finite else OVERFLOWS


def _by_cluster(scores: Array, clusters: Any) -> Array:
    """The sums (C, q) of the scores of each cluster. Errors: DataError unless there is a label for each score."""
    given = labels_of(clusters)
    if given.shape != (len(scores),):
        raise DataError(f"there are {len(scores)} observations but the clusters have shape {given.shape}; give each a label.")
    _, place = np.unique([str(label) for label in given.tolist()], return_inverse=True)
    sums = np.zeros((place.max() + 1, scores.shape[1]))
    np.add.at(sums, place, scores)
    return sums
