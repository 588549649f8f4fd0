"""Which parameters of a fitted model a floor holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emkit.core.arrays import Mask
from emkit.core.parameters import Parameters
from emkit.models.frozen import AnyModel, bare
from emkit.models.mixture import Mixture, MixtureParams


def floors(model: AnyModel, params: Parameters, source: Any) -> Mapping[str, Mask]:
    """Which elements of which fields (dotted paths) the family's floor holds."""
    mixture = bare(model)
    if not isinstance(mixture, Mixture) or not isinstance(params, MixtureParams):
        return {}
    return {f"components.{path}": mask for path, mask in mixture.family.on_floor(params.components, source).items()}
