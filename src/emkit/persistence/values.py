"""Values as JSON and arrays, and back: plain data, and values of classes that are known by name.

Numbers, text, truths and None are themselves; a tuple is a list. Else there is an object: ``{"number": "inf"}`` for a number
that JSON has not, ``{"bytes": "00ff"}``, ``{"array": 3}`` for arrays/3.npy, ``{"mapping": [[name, value], ...]}``,
and ``{"is": "Poisson", "with": {...}}`` for a value of a class, with the arguments that it is made with. Nothing else is ever
made of a file, and what is made is of the type that the annotations of the class ask for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from emkit.core.arrays import AnyArray
from emkit.core.parameters import Parameters
from emkit.errors import DataError, EmkitError, ModelError
from emkit.families.made import recipe_of
from emkit.persistence.hints import fits, in_words
from emkit.persistence.known import RECIPES, Argument, arguments

MOST_DEPTH = 64  # values within values
LARGEST = 2**64
HEXADECIMAL = re.compile(r"([0-9a-f]{2})*")
NUMBERS = {"inf": np.inf, "-inf": -np.inf, "nan": np.nan}
REFUSALS = (EmkitError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError, MemoryError)


class Writer:
    """Turns values into JSON; `arrays` are those that it has met, and `classes` those that are not emkit's own."""

    def __init__(self, known: Mapping[str, type]) -> None:
        self.known = known
        self.arrays: list[AnyArray] = []
        self.classes: set[type] = set()

    def plain(self, value: Any, place: str) -> Any:
        """`value` as JSON; `place` is what messages call it. Errors: ModelError for what a file cannot hold."""
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or isinstance(value, bool | int) or type(value) is str:
            return value
        if isinstance(value, float):
            return value if isfinite(value) else {"number": str(value)}
        if type(value) is bytes:
            return {"bytes": value.hex()}
        if type(value) is np.ndarray and value.dtype.kind in "fib":
            self.arrays.append(value)
            return {"array": len(self.arrays) - 1}
        if isinstance(value, tuple):
            return [self.plain(item, f"{place}.{i}") for i, item in enumerate(value)]
        if isinstance(value, Mapping):
            return {"mapping": [[name, self.plain(item, f"{place}.{name}")] for name, item in value.items()]}
        return self._made(value, place)

    def _made(self, value: Any, place: str) -> Any:
        cls: Any = type(value)
        function = callable(value) and self.known.get(cls.__name__) is not cls
        if function or not cls.__module__ or cls.__module__ == "builtins":
            raise ModelError(
                f"{place} is {cls.__name__} {str(value)[:60]!r}, which a file cannot hold: it holds numbers, text, tuples, and "
                "values of classes that are made of these. Write a class that makes it from such arguments."
            )
        return {"is": self._class(cls, place), "with": {name: self._argument(value, name, place) for name in arguments(cls)}}

    def _class(self, cls: Any, place: str) -> Any:
        """What a class is called or, if it was made at run time, what it was made of."""
        made_of = recipe_of(cls)
        if made_of is not None:
            recipe, given = made_of
            if RECIPES.get(recipe.__name__) is not recipe:
                raise ModelError(f"{place} is of {cls.__name__}, a class made at run time, which no file can tell how to make.")
            of = [{"class": self._class(each, place)} if isinstance(each, type) else self.plain(each, place) for each in given]
            return {"made": recipe.__name__, "of": of}
        own = self.known.get(cls.__name__)
        if own is not None and own is not cls:
            raise ModelError(f"{place} is of your class {cls.__name__}, which is called as one of emkit's own: rename yours.")
        if own is None:
            self.classes.add(cls)
        return cls.__name__

    def _argument(self, value: Any, name: str, place: str) -> Any:
        try:
            given = getattr(value, name)
        except AttributeError:
            raise ModelError(
                f"{type(value).__name__} is made with {name!r} and keeps it in no attribute of that name: it cannot be saved."
            ) from None
        return self.plain(given, f"{place}.{name}")


class Reader:
    """Turns JSON back into values, of the classes `known` and with these `arrays`."""

    def __init__(self, known: Mapping[str, type], arrays: tuple[AnyArray, ...]) -> None:
        self.known, self.arrays = known, arrays

    def value(self, given: Any, hint: Any, place: str, depth: int = 0) -> Any:
        """The value that `given` stands for. Errors: DataError naming the `place`, unless it is one and of the type `hint`."""
        if depth > MOST_DEPTH:
            raise DataError(f"{place} is nested too deeply")
        made = self._value(given, place, depth + 1)
        if not fits(made, hint):
            raise DataError(f"{place} is {_shown(made)}; it must be of type {in_words(hint)}")
        return made

    def _value(self, given: Any, place: str, depth: int) -> Any:
        if isinstance(given, list):
            return tuple(self.value(item, Any, f"{place}.{i}", depth) for i, item in enumerate(given))
        if isinstance(given, int) and abs(given) > LARGEST:
            raise DataError(f"{place} is larger than any whole number that is read")
        if not isinstance(given, dict):
            return given
        match given:
            case {"number": str(name), **rest} if not rest and name in NUMBERS:
                return NUMBERS[name]
            case {"array": int(number), **rest} if not rest and number in range(len(self.arrays)):
                return self.arrays[number]
            case {"bytes": str(digits), **rest} if not rest and HEXADECIMAL.fullmatch(digits):
                return bytes.fromhex(digits)
            case {"mapping": list(pairs), **rest} if not rest and all(_is_pair(pair) for pair in pairs):
                return {name: self.value(item, Any, f"{place}.{name}", depth) for name, item in pairs}
            case {"is": str() | dict() as name, "with": dict(within), **rest} if not rest:
                return self._made(self._class(name, place, depth), within, place, depth)
        raise DataError(f"{place} is {str(given)[:80]}, which stands for no value")

    def _class(self, name: Any, place: str, depth: int) -> Any:
        if isinstance(name, dict):
            return self._made_class(name, place, depth)
        if name not in self.known:
            raise DataError(
                f"{place} is of class {name[:80]!r}, which is none of emkit's: if it is yours, hand it over: "
                f"load(path, classes=[{name[:80] if name.isidentifier() else '...'}])"
            )
        return self.known[name]

    def _made_class(self, given: Mapping[str, Any], place: str, depth: int) -> Any:
        if depth > MOST_DEPTH:
            raise DataError(f"{place} is nested too deeply")
        match given:
            case {"made": str(recipe), "of": list(of), **rest} if not rest and recipe in RECIPES:
                values = [self._class_or_value(each, place, depth + 1) for each in of]
                try:
                    found = RECIPES[recipe](*values)
                except REFUSALS as error:
                    raise DataError(f"{place} is of a class that cannot be made: {error}".rstrip(".")) from None
                if issubclass(found, Parameters):
                    return found
        raise DataError(f"{place} is of {str(given)[:80]}, which is no class")

    def _class_or_value(self, given: Any, place: str, depth: int) -> Any:
        match given:
            case {"class": str() | dict() as name, **rest} if not rest:
                return self._class(name, place, depth)
        return self.value(given, Any, place, depth)

    def _made(self, cls: Any, within: Mapping[str, Any], place: str, depth: int) -> Any:
        asked = arguments(cls)
        self._check_names(cls, asked, within, place)
        values = {at: self._argument(asked[at], within[at], f"{place}.{at}", depth) for at in within}
        names = list(asked)
        several = next((at for at in names if asked[at].is_several), None)
        try:
            if several is None:
                return cls(**values)
            before, after = names[: names.index(several)], names[names.index(several) + 1 :]
            return cls(*[values[at] for at in before], *values[several], **{at: values[at] for at in after})
        except REFUSALS as error:
            raise DataError(f"{place} cannot be: {error}".rstrip(".")) from None

    def _argument(self, argument: Argument, given: Any, place: str, depth: int) -> Any:
        each: Any = argument.hint
        return self.value(given, tuple[each, ...] if argument.is_several else each, place, depth)

    def _check_names(self, cls: type, asked: Mapping[str, Argument], within: Mapping[str, Any], place: str) -> None:
        for name in within:
            if name not in asked:
                raise DataError(f"{place} has {name[:80]!r}, and {cls.__name__} is made with {', '.join(asked) or 'nothing'}")
        for name, argument in asked.items():
            if name not in within and argument.is_required:
                raise DataError(f"{place} has no {name!r}, which {cls.__name__} is made with")


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str | int)


def _shown(value: Any) -> str:
    return f"an array of {value.dtype}" if isinstance(value, np.ndarray) else f"{type(value).__name__} {str(value)[:60]!r}"
