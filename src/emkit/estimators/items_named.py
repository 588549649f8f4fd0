"""Items of a test by the names of their kinds, and people by the groups that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from emkit.core.arrays import Array, Integers
from emkit.data.frames import order_told
from emkit.data.source import ArraySource
from emkit.errors import DataError, ParameterError, some_of
from emkit.estimators.allowed import Allowed
from emkit.models.item_kinds import GeneralisedPartialCredit, GradedResponse, Guessing, ItemKind, PartialCredit
from emkit.models.priors import BetaPrior

KINDS: dict[str, Callable[..., ItemKind]] = {
    "rasch": PartialCredit,
    "2pl": GeneralisedPartialCredit,
    "3pl": Guessing,
    "graded": GradedResponse,
    "gpcm": GeneralisedPartialCredit,
    "pcm": PartialCredit,
}
USUAL, OF_GUESSES = "usual", "3pl"
OF_TWO = ("rasch", "2pl", "3pl")
MOST_LEVELS = 100  # of answers: a column with more holds measurements


class NamesOfItems(Allowed):
    """A name of a kind of items, or one for each item, or None."""

    def check(self, name: str, value: object) -> None:
        if value is None:
            return
        given: Sequence[object] = [value] if isinstance(value, str) or not isinstance(value, Sequence) else value
        wrong = [each for each in given if not (isinstance(each, str) and each in KINDS)]
        if wrong or not given:
            raise ParameterError(
                f"{name} is {value!r}; it must be None, one of {', '.join(map(repr, KINDS))}, or a list of these, "
                "one for each item."
            )


class PriorOfGuesses(Allowed):
    """A beta prior, or None, or "usual"."""

    def check(self, name: str, value: object) -> None:
        if value is not None and value != USUAL and not isinstance(value, BetaPrior):
            raise ParameterError(f"{name} is {value!r:.60}; it must be 'usual', ek.BetaPrior(5, 17), for one, or None.")


def kinds_named(names: str | Sequence[str], source: ArraySource, guessing: Any = USUAL) -> list[ItemKind]:
    """The kinds of the items in the columns, with as many levels as their answers have, counted from 0.

    `guessing`: what is known of the share of guesses of items that are guessed, a prior or None, or as usual.
    Errors: DataError for answers that are none; ParameterError if names do not fit the columns.
    """
    profile = source.profile
    profile.refuse_names_without_order("answers are counted from 0")
    rule = "answers are whole numbers from 0 on, or missing."
    profile.refuse(lambda x: (x < 0) | (x != np.floor(x)) | (x > MOST_LEVELS), rule)
    profile.refuse_empty_columns()
    levels = np.asarray(profile.highest).astype(int) + 1
    every = [names] * len(levels) if isinstance(names, str) else list(names)
    if len(every) != len(levels):
        raise ParameterError(f"items names {len(every)} kinds; there are {len(levels)} columns, each of which is an item.")
    wide = [column for column, name, number in zip(source.columns, every, levels, strict=True) if name in OF_TWO and number > 2]
    if wide:
        raise DataError(
            f"an answer is 0 (wrong) or 1 (right), but some are higher: {some_of([*map(repr, wide)])}. Items with more "
            "answers are 'graded', 'gpcm' or 'pcm'."
        )
    alike = [column for column, number in zip(source.columns, levels, strict=True) if number < 2]
    if alike:
        raise DataError(f"items that everybody answers alike tell nothing: {some_of([*map(repr, alike)])}. Leave them out.")
    if guessing != USUAL and OF_GUESSES not in every:
        raise ParameterError(f"guessing={guessing!r} is of items that are {OF_GUESSES!r}, and there are none: leave it out.")
    priors = {OF_GUESSES: {} if guessing == USUAL else {"prior": guessing}}
    return [KINDS[name](int(number), **priors.get(name, {})) for name, number in zip(every, levels, strict=True)]


def grouped(source: ArraySource, labels: object, known: Sequence[Any] | None) -> tuple[ArraySource, tuple[Any, ...]]:
    """The source with a last column that says the group, and the labels of groups, in order: those `known`, or all there are.

    Labels that are ordered categories keep their order.

    Errors: DataError if there is no label for each row, one is missing, or none of those known.
    """
    given = np.asarray(labels)
    if given.shape != (source.rows,):
        raise DataError(f"groups have shape {given.shape}; give one label for each of {source.rows:,} rows.")
    missing = [label is None or label != label for label in given.tolist()]
    if any(missing):
        raise DataError(f"groups[{missing.index(True)}] is missing: each row belongs to one.")
    if known is None:
        found, sizes = np.unique(given, return_counts=True)
        told = order_told(labels)
        names = tuple(found.tolist() if told is None else sorted(found.tolist(), key=lambda name: told.index(str(name))))
        if sizes.min() < 2 < len(given):
            raise DataError(f"group {names[int(sizes.argmin())]!r} has one row, which tells no mean and spread: leave it out.")
    else:
        names = tuple(known)
        strange = [label for label in given.tolist() if label not in names]
        if strange:
            raise DataError(f"groups are those of the fit, {', '.join(map(repr, names))}; {strange[0]!r} is none of them.")
    places = {name: k for k, name in enumerate(names)}
    codes: Integers = np.array([places[label] for label in given.tolist()])
    return with_column(source, codes.astype(np.float64), "group"), names


def with_column(source: ArraySource, column: Array, name: str) -> ArraySource:
    """The source with one more column, behind the others."""
    x = np.column_stack([np.asarray(source.x, dtype=np.float64), column])
    return ArraySource(x, source.weights, [*source.columns, name], levels=(*source.levels, None))
