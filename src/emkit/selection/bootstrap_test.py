"""Is one component more worth it? The likelihood-ratio statistic, held against its distribution under the smaller model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from scipy.stats import binomtest

from emkit.core.arrays import Array, readonly
from emkit.core.checks import check_count
from emkit.core.evaluation import STUMBLES
from emkit.core.json_types import Json
from emkit.core.mapreduce import one_thread
from emkit.core.solvers import Anderson
from emkit.data.source import ArraySource
from emkit.errors import EmkitError, EmkitWarning, ModelError
from emkit.fitted import AnyFitted, ModelOf
from emkit.fitting import default_rules, fit_each
from emkit.models.mixture import Mixture
from emkit.search.plan import PLAN, Plan
from emkit.search.rank import is_spike
from emkit.search.search import Long, search
from emkit.search.seeding import begin
from emkit.selection.choice import Cell, Fitter
from emkit.selection.neighbours import grown
from emkit.selection.resampling import as_rows, parametric, rows_in_memory
from emkit.selection.workers import each_of, seed_from
