"""Results worked out once: for the same arguments, or for rows that do not change."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar
from weakref import ref

R = TypeVar("R")
Settings = ParamSpec("Settings")
Memory = dict[Hashable, Any]


class Remembering(Protocol):
    """Something that does not change, with a `memory` for what is worked out from it."""

    @property
    def memory(self) -> Memory: ...


H = TypeVar("H", bound=Remembering)


def once(function: Callable[Concatenate[H, Settings], R]) -> Callable[Concatenate[H, Settings], R]:
    """`function(holder, *settings)`, worked out once for each holder and settings: for sums that no parameter enters.

    The key is the function with its settings, which must be hashable; it can be pickled by the function's name.
    """

    @wraps(function)
    def remembered(holder: H, /, *settings: Settings.args, **named: Settings.kwargs) -> R:
        memory, key = holder.memory, (remembered, *settings, *named.items())
        if key not in memory:
            memory[key] = function(holder, *settings, **named)
        found: R = memory[key]
        return found

    return remembered


def identities(*arguments: object) -> Hashable:
    """Which objects these are, for as long as they live."""
    return tuple(map(id, arguments))


class Memo(Generic[R]):
    """`function`, remembering its last few results by the identity of the arguments, which must not change.

    Parameters are frozen but need not be hashable, and no two calls ever make equal ones that are not the same. Where calls do
    make equal arguments, such as arrays cut out anew, `key` says by what else they are known.
    """

    def __init__(self, function: Callable[..., R], size: int = 8, key: Callable[..., Hashable] = identities) -> None:
        self._function, self._size, self._key = function, size, key
        self._known: dict[Hashable, tuple[tuple[object, ...], R]] = {}  # with what keeps the identities from others

    def __call__(self, *arguments: object) -> R:
        key = self._key(*arguments)
        known = self._known.get(key)
        if known is not None:
            return known[1]
        result = self._function(*arguments)
        for oldest in tuple(self._known)[: len(self._known) - self._size + 1]:
            self._known.pop(oldest, None)  # another thread may have been there
        self._known[key] = arguments, result
        return result


class WhileItLives(Generic[R]):
    """`function(thing)`, remembered for as long as the thing lives, which must not change and need not be hashable."""

    def __init__(self, function: Callable[[Any], R]) -> None:
        self._function = function
        self._known: dict[int, tuple[ref[Any], R]] = {}

    def __call__(self, thing: Any) -> R:
        key = id(thing)
        known = self._known.get(key)
        if known is not None and known[0]() is thing:
            return known[1]
        result = self._function(thing)
        self._known[key] = ref(thing, lambda _: self._known.pop(key, None)), result
        return result
