"""Classes with what they depend on, and what depends on them, as gated mixtures over columns in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from emkit.core.arrays import Array
from emkit.data.source import ArraySource
from emkit.families.categorical import Categorical
from emkit.families.combined.covariates import Covariates, CovariatesParams
from emkit.families.combined.product import Product, ProductParams
from emkit.families.gaussian.diagonal import DiagonalGaussian
from emkit.models.gated_mixture import GatedMixture, GatedMixtureParams
from emkit.models.given_shares import GivenShares
from emkit.stepwise.classified import Evidence
from emkit.stepwise.roles import Block, side_by_side


@dataclass(frozen=True, eq=False)
class Structure:
    """The `outcomes` and the `covariates` of rows of these `weights` (n,); whether sizes of `classes` have an `intercept`.

    `library` is that of the data frame that the rows came in.
    """

    outcomes: Block
    covariates: Block
    weights: Array
    intercept: bool
    classes: int
    library: str | None = None

    def with_items(self, items: Block) -> tuple[GatedMixture[Any, Any], ArraySource]:
        """The whole model: items, first, and outcomes given the class, classes given the covariates; and its rows."""
        blocks = self._blocks([(items, Categorical())])
        source = side_by_side([items, self.outcomes, self.covariates], weights=self.weights, library=self.library)
        return GatedMixture(Product(blocks), self.covariates.columns, intercept=self.intercept), source

    def given_classes(self, evidence: Evidence) -> tuple[GatedMixture[Any, Any], ArraySource]:
        """The model of a third step, which knows classes by `evidence` in place of the items; and its rows."""
        rows = evidence.rows
        parts = [part.of_rows(rows) for part in (self.outcomes, self.covariates)]
        weights = self.weights[rows] * evidence.factors
        gate = self.covariates.columns
        if evidence.shares is None:
            known = side_by_side(parts, weights=weights, membership=evidence.labels, library=self.library)
            return GatedMixture(Product(self._blocks([])), gate, intercept=self.intercept), known
        names = tuple(f"share of class {k + 1}" for k in range(evidence.shares.shape[1]))
        shares = Block(evidence.shares, names, (None,) * len(names))
        own = tuple(range(sum(part.width for part in parts), sum(part.width for part in (*parts, shares))))
        family = Product({**self._blocks([]), own: self._given})
        model = GivenShares(family, gate, intercept=self.intercept, shares=own)
        return model, side_by_side([*parts, shares], weights=weights, library=self.library)

    @property
    def _given(self) -> Covariates:
        return Covariates(self.classes)

    def _blocks(self, before: list[tuple[Block, Any]]) -> dict[tuple[int, ...], Any]:
        """The places of blocks of columns, with their families: each outcome by itself."""
        outcomes = [(1, DiagonalGaussian() if levels is None else Categorical()) for levels in self.outcomes.levels]
        parts = [*((block.width, family) for block, family in before), *outcomes, (self.covariates.width, self._given)]
        places = ends_of([width for width, _ in parts])
        return {own: family for own, (width, family) in zip(places, parts, strict=True) if width}


def items_of(params: Any) -> Any:
    """The parameters of the items, in those of the whole model."""
    return params.components.parts[0]


def with_items(params: Any, items: Any) -> Any:
    """The parameters of the whole model with these of the items."""
    components = ProductParams((items, *params.components.parts[1:]), params.components.places)
    return GatedMixtureParams(params.gates, components, params.covariates)


def without_outcomes(
    items: Block, structure: Structure, gates: GatedMixtureParams[Any], components: Any
) -> tuple[GatedMixture[Any, Any], GatedMixtureParams[Any]]:
    """The model by which classes of rows are told: items, of these `components`, given the class, and that by `gates`."""
    none = Block(items.x[:, :0], (), ())
    model, source = replace(structure, outcomes=none).with_items(items)
    settled = model.settled(source.profile)
    rest = (CovariatesParams(),) if structure.covariates.width else ()
    places = ends_of([items.width, structure.covariates.width] if rest else [items.width])
    return settled, GatedMixtureParams(gates.gates, ProductParams((components, *rest), places), gates.covariates)


def ends_of(widths: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """The places of blocks of so many columns, one behind the other."""
    ends = accumulate(widths)
    return tuple(tuple(range(end - width, end)) for end, width in zip(ends, widths, strict=True))
