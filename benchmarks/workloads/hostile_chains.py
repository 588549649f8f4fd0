"""300 hostile inputs for hidden Markov models, 74 kinds of 4 seeds and four more: the answer is right, or refused in words.

An answer is wrong if there should have been none, or if the log-likelihood that is told is not that of the parameters that are
told (worked out step by step in longer numbers); silent if the fit did not converge and nobody was told, or if what cannot be
is taken; opaque if an error or a warning is none of ours; NaN if some number is. After every fit, all verbs of the estimator
are asked of the rows, or of other rows that are hostile themselves.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from benchmarks.hostile_sequences import KINDS, ONCE, Asked, Given
from benchmarks.longer_numbers import log_likelihood
from benchmarks.paired import Measured
from benchmarks.workloads.hostile import counted, judged
from emkit.core.parameters import leaves
from emkit.errors import EmkitError, EmkitWarning

SEEDS = 4
CLOSE = 1e-6  # of the log-likelihood, relative: what a told one may be off by
LEAST_WORDS = 20  # letters: less says neither what is wrong nor what to do


def verdict(given: Given, seed: int) -> str:
    """What became of one input."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            model = given.model(seed).fit(given.rows, **given.told)
        except EmkitError as error:
            return "opaque" if len(str(error)) < LEAST_WORDS else "refused" if given.refused is not False else "wrong"
        except Exception:  # noqa: BLE001
            return "opaque"
        if given.refused:
            return "silent"
        found = _fitted(model, given)
        found = found if found != "right" else _asked(model, given.asked or Asked(given.rows, given.sequences))
    if any(not issubclass(warning.category, EmkitWarning) for warning in heard):
        return "opaque"
    return "silent" if not (model.converged_ or heard) else found


def _fitted(model: Any, given: Given) -> str:
    """Whether a fit is right."""
    result = model.result_
    numbers = np.concatenate([np.ravel(leaf.value) for leaf in leaves(result.params)])
    if not (np.isfinite(numbers).all() and np.isfinite(result.log_likelihood)):
        return "NaN"
    sums = [model.startprob_.sum(), *model.transmat_.sum(axis=1)]
    told, wanted = result.log_likelihood, log_likelihood(result.params, result.source)
    close = abs(told - wanted) <= CLOSE * (1 + abs(wanted)) and np.allclose(sums, 1, rtol=0, atol=1e-9)
    return "right" if close else "wrong"


def _asked(model: Any, asked: Asked) -> str:
    """Whether all verbs answer with numbers, or refuse in words."""
    of = asked.sequences
    verbs = {
        "predict": lambda: model.predict(asked.rows, **of),
        "predict_proba": lambda: model.predict_proba(asked.rows, **of),
        "decode": lambda: model.decode(asked.rows, algorithm="map", **of)[1],
        "score_samples": lambda: model.score_samples(asked.rows, **of),
        "forecast": lambda: model.forecast(asked.rows, steps=3),
        "bic": lambda: model.bic(asked.rows, **of),
    }
    refusals = 0
    for name, verb in verbs.items():
        try:
            numbers = np.asarray(verb(), dtype=float)
        except EmkitError as error:
            if len(str(error)) < LEAST_WORDS:
                return "opaque"
            refusals += 1
        except Exception:  # noqa: BLE001
            return "opaque"
        else:
            possible = name not in ("score_samples", "bic")  # those say of what is impossible that it is
            if np.isnan(numbers).any() or (possible and not np.isfinite(numbers).all()):
                return "NaN"
    if asked.refused is None:
        return "right"
    return "right" if bool(refusals) == asked.refused else "silent" if asked.refused else "wrong"


def run(quick: bool) -> list[Measured]:
    """Every kind with 4 seeds (1 in quick runs)."""
    once = {} if quick else ONCE
    by_kind = {
        kind: judged(kind, make, verdict, 1 if quick or kind in once else SEEDS) for kind, make in {**KINDS, **once}.items()
    }
    return counted(by_kind, "inputs for hidden Markov models", ("wrong", "silent", "opaque", "NaN"))
