"""Saying which components collapsed, and onto which rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from emkit.models.mixture import Mixture
from emkit.result import Result

MOST_NAMED = 5


def collapsed(model: Mixture[Any, Any], result: Result[Any]) -> str:
    """The sentence that names the collapsed components and their rows."""
    components = list(result.degenerate)
    who = f"component{'s' if len(components) > 1 else ''} {' and '.join(map(str, components))}"
    rows = [
        chunk.start + np.flatnonzero(np.isin(model.log_joint(result.params, chunk.x).argmax(axis=1), components))
        for chunk in result.source.chunks()
    ]
    places = np.concatenate(rows)
    named = ", ".join(result.source.place_of_row(int(row)) for row in places[:MOST_NAMED])
    onto = (
        f"onto {len(places):,} rows ({named}{', ...' if len(places) > MOST_NAMED else ''})" if len(places) else "onto no rows"
    )
    return (
        f"{who} collapsed {onto}; only the floor under its spread holds it there, and the log-likelihood says little. Use "
        "fewer components, a higher floor or, of normals, components that share a covariance."
    )
