"""Tables of counts whose cells are sums of latent cells: genetic linkage, blood groups, any table of that kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import numpy as np

from emkit.core.arrays import Array, ArrayLike
from emkit.core.axes import Axes
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters
from emkit.core.protocols import Complete, Expectation, LatentModel, Update
from emkit.core.spaces import Simplex
from emkit.data.chunk import Chunk
from emkit.data.profile import AnyProfile
from emkit.errors import DataError, ModelError
from emkit.families.family import safe_log, slope_of_log
from emkit.models.assignment import Assignment, Soft

IDENTITY_TOLERANCE = 1e-9
MOST_POWERS = 1_000_000  # latent cells times parameters: a table of any use has some hundreds


@dataclass(frozen=True)
class Cell:
    """One latent cell: it is counted in `observed`, with probability coefficient * product of parameters to `powers`.

    The heterozygote AO of the blood groups is ``Cell("AO", "A", 2, {"p": 1, "r": 1})``: seen as A, probability 2 p r.

    Two alleles of which the first is dominant: 9 people in 25 show the trait of aa, so that a is 0.6.

    >>> import emkit as ek
    >>> cells = [ek.Cell("AA", "A", 1, {"A": 2}), ek.Cell("Aa", "A", 2, {"A": 1, "a": 1}), ek.Cell("aa", "a", 1, {"a": 2})]
    >>> model = ek.Cells([["A", "a"]], cells)
    >>> round(ek.fit(model, [[16, 9]], model.params(A=0.5, a=0.5)).params["a"], 4)
    0.6
    """

    name: str
    observed: str
    coefficient: float
    powers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Shares(Parameters):
    """Probabilities of one group that sum to 1, shape (A,); `names` say of what."""

    probabilities: Annotated[Array, Simplex(), Axes("outcome")]
    names: tuple[str, ...] = ()

    if TYPE_CHECKING:  # made from whatever an array can be made from

        def __init__(self, probabilities: ArrayLike, names: tuple[str, ...] = ()) -> None: ...


@dataclass(frozen=True, eq=False)
class CellsParams(Parameters):
    """One `Shares` for each group of parameters that sum to 1.

    The gene counts of the blood groups, by name:

    >>> import emkit as ek
    >>> blood = ek.lessons.lesson_named("blood-groups")
    >>> params = ek.fit(blood.model, blood.source, blood.start).params
    >>> {name: round(params[name], 4) for name in params.groups[0].names}
    {'p': 0.2136, 'q': 0.0501, 'r': 0.7363}
    """

    groups: tuple[Shares, ...]

    def __getitem__(self, name: str) -> float:
        """The value of the parameter called `name`."""
        for group in self.groups:
            if name in group.names:
                return float(group.probabilities[group.names.index(name)])
        raise KeyError(f"{name!r} is not a parameter; there are {[n for group in self.groups for n in group.names]}")


class Cells(LatentModel[CellsParams, Array]):
    """Multinomial counts of observed cells, each the sum of latent cells that cannot be told apart.

    `groups` names the parameters; those of one group sum to 1. `cells` are the latent cells, whose probabilities must sum to
    1 whatever the parameters. Data: one column for each observed cell (in the order of first mention), a row is a table;
    several rows are added up. The multinomial coefficient, which no parameter touches, is left out of the log-likelihood.
    Errors: ModelError naming the cell or parameter that does not fit.
    Source: gene counting, Ceppellini, Siniscalco & Smith (1955), Ann. Hum. Genet. 20, 97-115; Dempster, Laird & Rubin
    (1977), J. R. Statist. Soc. B 39, 1-38, section 1.

    The counts of Rao (1973) for linkage of two genes, where each count is of one or two latent cells:

    >>> import emkit as ek
    >>> cells = [ek.Cell("half", "AB", 0.5), ek.Cell("AB", "AB", 0.25, {"p": 1}), ek.Cell("Ab", "Ab", 0.25, {"q": 1})]
    >>> cells += [ek.Cell("aB", "aB", 0.25, {"q": 1}), ek.Cell("ab", "ab", 0.25, {"p": 1})]
    >>> model = ek.Cells([["p", "q"]], cells)
    >>> round(ek.fit(model, [[125, 18, 20, 34]], model.params(p=0.5, q=0.5)).params["p"], 4)
    0.6268
    """

    def __init__(
        self,
        groups: Sequence[Sequence[str]],
        cells: Sequence[Cell],
        assignment: Assignment = Soft(),  # noqa: B008
    ) -> None:
        self.groups = tuple(tuple(group) for group in groups)
        self.names = tuple(name for group in self.groups for name in group)
        self.cells = tuple(cells)
        self.observed = tuple(dict.fromkeys(cell.observed for cell in cells))
        self.assignment = assignment
        self._check_names()
        self._powers = np.array([[cell.powers.get(name, 0) for name in self.names] for cell in cells], dtype=np.float64)
        self._log_coefficients = np.log([cell.coefficient for cell in cells])
        self._belongs = np.array([[cell.observed == label for cell in cells] for label in self.observed])
        self._check_total()

    def params(self, **values: float) -> CellsParams:
        """Parameters by name: ``cells.params(p=.3, q=.2, r=.5)``. Errors: ParameterError, or ModelError if one is missing."""
        if set(values) != set(self.names):
            raise ModelError(f"the parameters are {', '.join(self.names)}; got {', '.join(values) or 'none'}.")
        return CellsParams(tuple(Shares([values[name] for name in group], group) for group in self.groups))

    def log_probabilities(self, params: CellsParams) -> Array:
        """Log-probability of each latent cell, shape (J,)."""
        theta = np.concatenate([group.probabilities for group in params.groups])
        return np.asarray(self._log_coefficients + self._powers @ safe_log(theta))

    def complete(self, params: CellsParams, chunk: Chunk) -> Complete:
        """Observed cells as rows (weighted by their counts), latent cells as states."""
        log_joint = np.where(self._belongs, self.log_probabilities(params), -np.inf)
        return Complete(log_joint, chunk.weights @ chunk.x)

    def e_step(self, params: CellsParams, chunk: Chunk) -> Expectation[Array]:
        complete = self.complete(params, chunk)
        seen = complete.weights > 0  # a cell that nobody was counted in may be impossible: 0 log 0 = 0
        complete = Complete(complete.log_joint[seen], complete.weights[seen])
        assigned = self.assignment.assign(complete.log_joint, complete.weights, chunk.start)
        return Expectation(
            complete.weights @ assigned.responsibilities,
            log_likelihood=float(complete.weights @ assigned.log_likelihood),
            rows=float(complete.weights.sum()),
            gap=assigned.total_gap(complete.weights),
        )

    def updates(self) -> Mapping[str, Update[Array, CellsParams]]:
        return {f"groups.{g}.probabilities": self._counting(g) for g in range(len(self.groups))}

    def _counting(self, g: int) -> Update[Array, CellsParams]:
        """Gene counting: each parameter's share of the expected counts, as often as it occurs in each latent cell.

        Shapes: expected counts of latent cells (J,) -> (A,).
        Source: maximise sum_j count_j sum_a power_ja log theta_a with a Lagrange multiplier for the sum of theta.
        """
        first = sum(len(group) for group in self.groups[:g])
        powers = self._powers[:, first : first + len(self.groups[g])]

        def update(counts: Array, before: CellsParams, now: CellsParams) -> Array:
            occurrences = counts @ powers
            total = occurrences.sum()
            return occurrences / total if total > 0 else before.groups[g].probabilities

        return update

    def expected(self, stats: Array, before: CellsParams, now: CellsParams) -> Expected:
        theta = np.concatenate([group.probabilities for group in now.groups])
        slopes = slope_of_log(stats @ self._powers, theta)
        ends = np.cumsum([len(group) for group in self.groups])[:-1]
        by_path = {f"groups.{g}.probabilities": slope for g, slope in enumerate(np.split(slopes, ends))}
        return Expected(float(stats @ self.log_probabilities(now)), by_path)

    def carried(self, stats: Array, before: CellsParams, now: CellsParams) -> Array:
        return stats

    def check(self, params: CellsParams, profile: AnyProfile) -> None:
        profile.refuse(lambda x: (x < 0) | (x != np.floor(x)), "counts must be whole numbers >= 0.")
        given, asked = len(profile.columns), len(self.observed)
        if given != asked:
            flat = (
                " These counts are one below the other; a table is a row: [[...]]."
                if (given, profile.rows) == (1, asked)
                else ""
            )
            raise DataError(
                f"the data have {given} column{'' if given == 1 else 's'} but there are {asked} observed cells "
                f"({', '.join(self.observed)}); give one count for each, in this order.{flat}"
            )
        if not profile.highest.any():
            raise DataError("every count is 0: there is nothing to fit.")

    @property
    def ascends(self) -> bool:
        return self.assignment.ascends

    def _check_names(self) -> None:
        if not self.cells:
            raise ModelError("a table needs at least one cell.")
        if len(self.cells) * len(self.names) > MOST_POWERS:
            raise ModelError(
                f"{len(self.cells):,} cells of {len(self.names):,} parameters are more than {MOST_POWERS:,} powers; use fewer."
            )
        for cell in self.cells:
            for name in cell.powers:
                if name not in self.names:
                    raise ModelError(f"cell {cell.name!r} uses {name!r}; the parameters are {', '.join(self.names)}.")
            if cell.coefficient <= 0:
                raise ModelError(f"cell {cell.name!r} has coefficient {cell.coefficient:g}; it must be > 0.")

    def _check_total(self) -> None:
        rng = np.random.default_rng(0)
        for _ in range(3):
            theta = np.concatenate([rng.dirichlet(np.ones(len(group))) for group in self.groups]) if self.groups else np.ones(0)
            total = float(np.exp(self._log_coefficients + self._powers @ np.log(theta)).sum())
            if abs(total - 1) > IDENTITY_TOLERANCE:
                values = ", ".join(f"{name}={value:.3g}" for name, value in zip(self.names, theta, strict=True))
                raise ModelError(f"the probabilities of the cells sum to {total:.6g} at {values}; they must always sum to 1.")
