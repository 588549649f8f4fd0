"""What users hold: `fit`, and a `Result` with the things one asks of a fit."""

from emkit.result.fits import fit, load, resume
from emkit.result.result import AnyResult, Result

__all__ = ["AnyResult", "Result", "fit", "load", "resume"]
