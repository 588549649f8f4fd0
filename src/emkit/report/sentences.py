"""Sentences from parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def capital(sentence: str) -> str:
    """A sentence as it begins."""
    return sentence[:1].upper() + sentence[1:]


def joined(names: Sequence[str], word: str = "and") -> str:
    """A few names in a sentence: ``1, 2 and 3``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def listed(names: Iterable[str], most: int) -> str:
    """Names in a sentence, set apart by semicolons: so many at most, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return "; ".join(every[:most]) + more
