"""Why EM works, with the numbers of a lesson or a fit: Jensen, the bound, its touching and rising, and its relatives."""

from emkit.explain.why.bound import BoundCurve, bound_curve
from emkit.explain.why.choices import Even, Known
from emkit.explain.why.jensen import Jensen, jensen
from emkit.explain.why.known import Complete, known_labels
from emkit.explain.why.split import Split, splits
from emkit.explain.why.variants import Variant, variants
from emkit.explain.why.why import Why, why

__all__ = [
    "BoundCurve",
    "Complete",
    "Even",
    "Jensen",
    "Known",
    "Split",
    "Variant",
    "Why",
    "bound_curve",
    "jensen",
    "known_labels",
    "splits",
    "variants",
    "why",
]
