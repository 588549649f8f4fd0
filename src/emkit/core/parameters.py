"""Parameters are frozen dataclasses whose fields declare, once, the space they live in and what their axes are.

    @dataclass(frozen=True, eq=False)
    class PoissonParams(Parameters):
        rates: Annotated[Array, Positive(), Axes("component", "column")]

Checking, packing into free coordinates, counting, accelerating, differentiating and saving follow from the space; reordering,
splitting, labels and tables from the axes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, TypeVar, get_type_hints

import numpy as np

from emkit.core.arrays import Array, readonly
from emkit.core.axes import EFFECT, NO_AXES, Axes, Divided, Scope, Subject
from emkit.core.spaces import Space
from emkit.errors import ModelError, ParameterError

P = TypeVar("P", bound="Parameters")
S = TypeVar("S")
KNOWN_PATHS = 1024  # sets of paths that are taken apart once: a model changes the same few all the time


@dataclass(frozen=True, eq=False)
class Parameters:
    """Base of every set of parameters: on creation, arrays become read-only float64 and are checked against their spaces.

    A field is a number or an array with a declared space (``Annotated[Array, Positive()]``), another `Parameters`, or a
    tuple of these. Other fields (names, settings) are carried along.
    Errors: ParameterError naming field, element and value.

    What all parameters have in common: they are checked when they are made, and cannot be changed.

    >>> import emkit as ek
    >>> from dataclasses import replace
    >>> params = ek.PoissonParams([[2.0], [5.0]])
    >>> isinstance(params, ek.Parameters), params.rates.dtype.name, params.rates.flags.writeable
    (True, 'float64', False)
    >>> replace(params, rates=[[2.0], [-5.0]])
    Traceback (most recent call last):
        ...
    emkit.errors.ParameterError: rates[1, 0] is -5; it must be >= 0.
    """

    def __post_init__(self) -> None:
        cls: Any = type(self)
        for name in declared_spaces(cls):
            object.__setattr__(self, name, _admitted(cls, name, getattr(self, name)))


class Leaf(NamedTuple):
    """One field that holds numbers: its dotted path from the root, its space, its value and its axes.

    `axes` is None if the field declares none although its value has some; `within` are the places in tuples that run along
    an axis, such as ``(("column", 2),)``. `scopes` say of an axis that it does not run along all places that there are.
    `told` are names of the places on the last axis, and `levels` those of levels, where the parameters have some.
    """

    path: str
    space: Space
    value: Array
    axes: Axes | None
    within: tuple[tuple[str, int], ...] = ()
    scopes: tuple[Scope, ...] = ()
    told: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()

    @property
    def has_coefficients(self) -> bool:
        """Whether its numbers are coefficients of covariates, whose names the parameters tell."""
        return self.axes is not None and self.axes.told_by != "" and self.axes.names[-1:] not in ((), (EFFECT,))

    def scope(self, axis: str) -> Scope | None:
        """The places that an axis runs along; None for all that there are."""
        return next((scope for scope in self.scopes if scope.axis == axis), None)

    def places(self, index: tuple[int, ...]) -> list[tuple[str, int]]:
        """The axis and the place on it for each of the numbers of `index`, and before these the places in tuples."""
        names = self.axes.names if self.axes is not None else [""] * len(index)
        own = [self._place(*each) for each in zip(names, index, self.value.shape, strict=True)]
        return [*(self._place(axis, i, None) for axis, i in self.within), *own]

    def _place(self, axis: str, i: int, length: int | None) -> tuple[str, int]:
        scope = self.scope(axis)
        return axis, i if scope is None else scope.place(i, length or len(scope.places))


@functools.cache
def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


@functools.cache
def declared_spaces(cls: Any) -> dict[str, Space]:
    """The space of each field of `cls` that declares one, in the order of the fields.

    Errors: ModelError for a field of numbers that declares none.
    """
    found: dict[str, Space] = _notes(cls, Space)
    for f in fields(cls):
        if f.name not in found and _holds_numbers(_hints(cls)[f.name]):
            raise ModelError(
                f"the field {f.name!r} of {cls.__name__} holds numbers and declares no space: write "
                f"`{f.name}: Annotated[ek.Array, ek.Real()]` (or another space, with brackets behind it), so that it can be "
                "checked and counted. Settings that no fit moves belong to the model."
            )
    return found


def _holds_numbers(hint: Any) -> bool:
    """Whether an annotation is that of numbers: a float or an array, with or without notes."""
    bare = hint.__origin__ if hasattr(hint, "__metadata__") else hint
    return getattr(bare, "__origin__", bare) in (float, np.ndarray)


@functools.cache
def declared_divisions(cls: Any) -> dict[str, Divided]:
    """Along which axis the parts in each field of `cls` are divided, where they are."""
    return _notes(cls, Divided)


@functools.cache
def declared_subjects(cls: Any) -> dict[str, Subject]:
    """What the parameters in each field of `cls` are of, where that is none of the columns of the data."""
    return _notes(cls, Subject)


@functools.cache
def declared_axes(cls: Any) -> dict[str, Axes]:
    """The axes of each field of `cls` that declares them."""
    return _notes(cls, Axes)


def _notes(cls: Any, kind: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for f in fields(cls):
        for note in getattr(_hints(cls)[f.name], "__metadata__", ()):
            if isinstance(note, kind):
                found[f.name] = note
    return found


def _admitted(cls: Any, name: str, value: Any, known: bool = False) -> Any:
    """What a field holds when it is given `value`, of which it may be `known` that it lies in the field's space.

    Errors: ParameterError if the value lies outside the field's space, or has not the axes of the field.
    """
    declared = _declared(cls).get(name)
    if declared is None:
        return value
    space, axes, is_number = declared
    try:
        array = readonly(value)
    except (TypeError, ValueError):
        raise ParameterError(f"{name} is no array of numbers: {value!r:.60}.") from None
    if not known:
        if axes is not None and array.ndim != len(axes.names):
            raise ParameterError(f"{name} has shape {array.shape}; it must have {axes}.")
        space.check(array, name)
    return float(array) if is_number else array


@functools.cache
def _declared(cls: Any) -> dict[str, tuple[Space, Axes | None, bool]]:
    """Space and axes of each field of numbers, and whether it is a single one."""
    axes = declared_axes(cls)
    return {
        name: (space, axes.get(name), getattr(_hints(cls)[name], "__origin__", None) is float)
        for name, space in declared_spaces(cls).items()
    }


Nested = tuple[str, Parameters, tuple[tuple[str, int], ...], tuple[Scope, ...]]


def _nested(params: Parameters) -> Iterator[Nested]:
    """The fields that hold further parameters, each with its name (``parts.0``, ``parts.1`` for a tuple), place and scope."""
    cls: Any = type(params)
    for name in _other_fields(cls):
        value = getattr(params, name)
        if isinstance(value, Parameters):
            yield name, value, (), ()
        elif isinstance(value, tuple):
            along = declared_axes(cls).get(name, NO_AXES)
            places = getattr(params, along.places_by) if along.places_by else ()
            scopes = _scopes(params, name)
            for i, item in enumerate(value):
                if isinstance(item, Parameters):
                    at = places[i] if places else i
                    yield f"{name}.{i}", item, tuple((axis, at) for axis in along.names), scopes[i : i + 1]


def _scopes(params: Parameters, name: str) -> tuple[Scope, ...]:
    """The scope of each of the parts in a field; none if they are not divided along an axis."""
    cls: Any = type(params)
    divided = declared_divisions(cls).get(name)
    if divided is None:
        return ()
    places = getattr(params, divided.by)
    return tuple(Scope(divided.axis, own, sum(map(len, places))) for own in places)


def leaves(
    params: Parameters, prefix: str = "", within: tuple[tuple[str, int], ...] = (), scopes: tuple[Scope, ...] = ()
) -> Iterator[Leaf]:
    """Every field that holds numbers, depth first, in the order of declaration.

    Errors: ModelError if `params` is not a `Parameters` dataclass.
    """
    if not isinstance(params, Parameters):
        raise ModelError(
            f"parameters must be a frozen dataclass derived from emkit.Parameters, not {type(params).__name__}; "
            "declare each field's space, such as `theta: Annotated[float, Probability()]`."
        )
    cls: Any = type(params)
    for name, (space, axes, _) in _declared(cls).items():
        value = np.asarray(getattr(params, name), dtype=np.float64)
        known = NO_AXES if axes is None and value.ndim == 0 else axes
        told, levels = (getattr(params, by) if by else () for by in ((axes.told_by, axes.levels_by) if axes else ("", "")))
        yield Leaf(prefix + name, space, value, known, within, scopes, told, levels)
    for name, inner, place, own in _nested(params):
        yield from leaves(inner, f"{prefix}{name}.", within + place, _narrowed(scopes, own) if own else scopes)


def _narrowed(scopes: tuple[Scope, ...], own: tuple[Scope, ...]) -> tuple[Scope, ...]:
    """The scopes of parts that have scopes of their `own` within those given."""
    outer = {scope.axis: scope for scope in scopes}
    return (*(scope for scope in scopes if scope.axis not in {each.axis for each in own}),
            *(scope.inside(outer.get(scope.axis)) for scope in own))  # fmt: skip


def get_at(params: Parameters, path: str) -> Any:
    """The value at a dotted path such as ``components.means``; the empty path is that of the whole.

    Errors: ModelError naming the paths there are.
    """
    value: Any = params
    for part in path.split(".") if path else ():
        if isinstance(value, tuple) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, Parameters) and hasattr(value, part):
            value = getattr(value, part)
        else:
            known = ", ".join(leaf.path for leaf in leaves(params))
            raise ModelError(f"{type(params).__name__} has no parameter {path!r}; it has {known}.")
    return value


def getter(path: str) -> Callable[[Parameters], Any]:
    """A function that looks up what parameters hold at a dotted path that they have."""
    if not any(part.isdigit() for part in path.split(".")):
        return attrgetter(path)
    steps: list[Callable[[Any], Any]] = [itemgetter(int(p)) if p.isdigit() else attrgetter(p) for p in path.split(".")]

    def looked_up(params: Any) -> Any:
        for step in steps:
            params = step(params)
        return params

    return looked_up


def replace_at(params: P, changes: Mapping[str, Any], admitted: bool = False) -> P:
    """A copy of `params` with the values at the given dotted paths replaced; the new values are checked.

    Unless they are `admitted`: known to lie in the spaces of their fields. The empty path replaces the whole.
    """
    if "" in changes:
        whole: P = changes[""]
        return whole
    here, inside = _branches(tuple(changes))
    if not inside:
        return _with_fields(params, changes, admitted)
    direct = {name: changes[name] for name in here}
    for head, paths in inside:
        direct[head] = _replace_inside(getattr(params, head), {rest: changes[path] for rest, path in paths}, admitted)
    return _with_fields(params, direct, admitted)


Branches = tuple[tuple[str, ...], tuple[tuple[str, tuple[tuple[str, str], ...]], ...]]


@functools.lru_cache(KNOWN_PATHS)
def _branches(paths: tuple[str, ...]) -> Branches:
    """Of dotted paths, those that are fields; and by the field that they lead through, what follows it in the others."""
    inside: dict[str, list[tuple[str, str]]] = {}
    for path in paths:
        head, _, rest = path.partition(".")
        if rest:
            inside.setdefault(head, []).append((rest, path))
    return tuple(path for path in paths if "." not in path), tuple((head, tuple(rest)) for head, rest in inside.items())


def _with_fields(params: P, changes: Mapping[str, Any], admitted: bool) -> P:
    """A copy of `params` with some fields replaced.

    What was checked before is not checked again, unless the class checks more than its fields one by one.
    """
    cls: Any = type(params)
    names, one_by_one = _field_names(cls)
    if not one_by_one or not changes.keys() <= names:
        return replace(params, **changes)
    made: P = object.__new__(cls)
    for name in names:
        value = _admitted(cls, name, changes[name], admitted) if name in changes else getattr(params, name)
        object.__setattr__(made, name, value)
    return made


def trusted(cls: type[P], **values: Any) -> P:
    """Parameters of values that are known to be admissible: parts of a read-only array that lies in the space as a whole.

    Nothing is copied or checked, so only a family's own M-step may say this of what it has made.
    """
    made: P = object.__new__(cls)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


def with_trusted(params: P, **changes: Any) -> P:
    """A copy of `params` with fields replaced by what was checked before, as a part of more: read-only arrays, parameters."""
    cls: Any = type(params)
    made: P = object.__new__(cls)
    made.__dict__.update(params.__dict__)
    made.__dict__.update(changes)
    return made


def part_of(params: P, places: slice) -> P:
    """Those `places` along the first axis of every field; the parts of what was checked are not checked again."""
    cls: Any = type(params)
    own = {name: getattr(params, name)[places] for name in declared_spaces(cls)}
    return with_trusted(params, **own, **{name: _part_inside(getattr(params, name), places) for name in _other_fields(cls)})


def _part_inside(value: Any, places: slice) -> Any:
    if isinstance(value, tuple):
        return tuple(_part_inside(item, places) for item in value)
    return part_of(value, places) if isinstance(value, Parameters) else value


def in_a_row(items: Sequence[P]) -> P:
    """Parameters with those of all items, one behind the other along the first axis of every field."""
    same = zip(*map(leaves, items), strict=True)
    return replace_at(items[0], {each[0].path: np.concatenate([leaf.value for leaf in each]) for each in same})


@functools.cache
def _field_names(cls: Any) -> tuple[KeysView[str], bool]:
    """The fields, in order, and whether nothing else is checked than each of them."""
    names = dict.fromkeys(f.name for f in fields(cls)).keys()  # an ordered set
    return names, cls.__post_init__ is Parameters.__post_init__


@functools.cache
def _other_fields(cls: Any) -> tuple[str, ...]:
    """The fields without a declared space."""
    return tuple(f.name for f in fields(cls) if f.name not in declared_spaces(cls))


def _replace_inside(value: Any, changes: Mapping[str, Any], admitted: bool) -> Any:
    if not isinstance(value, tuple):
        return replace_at(value, changes, admitted)
    items = list(value)
    here, inside = _branches(tuple(changes))
    for i in here:
        items[int(i)] = changes[i]
    for i, paths in inside:
        items[int(i)] = replace_at(items[int(i)], {rest: changes[path] for rest, path in paths}, admitted)
    return tuple(items)


def maximise_in_turn(updates: Mapping[str, Callable[[S, P, P], Any]], stats: S, params: P) -> P:
    """Run a chain of conditional maximisers, each given the statistics, the parameters of the E-step, and those so far.

    A maximiser of the expected log-likelihood is written as a chain: every link maximises over one field with the others
    held. Leaving a link out (`Frozen`) then still maximises over what remains.
    """
    now = params
    for path, update in updates.items():
        now = replace_at(now, {path: update(stats, params, now)})
    return now
