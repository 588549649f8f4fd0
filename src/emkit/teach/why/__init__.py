"""Why EM works, with the numbers of a lesson or a fit: Jensen, the bound, its touching and rising, and its relatives."""

from emkit.teach.why.bound import BoundCurve, bound_curve
from emkit.teach.why.choices import Even, Known
from emkit.teach.why.jensen import Jensen, jensen
from emkit.teach.why.known import Complete, known_labels
from emkit.teach.why.split import Split, splits
from emkit.teach.why.variants import Variant, variants
from emkit.teach.why.why import Why, why

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
