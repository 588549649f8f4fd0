"""An executor on a graphics card, or on whatever else torch has a device for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from emkit.core.protocols import MapReduce, Source
from emkit.core.statistics import Additive, add_up
from emkit.data.chunk import Chunk
from emkit.data.source import RowSource
from emkit.data.sparse import is_sparse
from emkit.devices.device import Device
from emkit.errors import ModelError

A = TypeVar("A", bound=Additive)
MOST_NUMBERS = 1 << 25  # of a chunk, 256 MiB: large ones keep a card busy, and what a chunk costs besides is little


@dataclass(frozen=True)
class Torch:
    """An executor on the `device` that torch calls so: ``ek.fit(model, data, start, executor=ek.Torch("cuda"))``.

    Features, scores, shares and sums of every family with a linear form are worked out there, in double precision; statistics
    come back, and M-steps are made here. Rows in memory stay on the device from pass to pass, as far as they fit; rows in files
    are read and sent anew in each. Whatever has no linear form, or too few rows, or sparse ones, is worked on here as without
    a device, on one thread: regressions but the normal one, and chains but for rows of which the state is known. Numbers agree
    with those of a processor to rounding, but are not the same bits. ``"cpu"`` computes the same without a card.
    Errors: ModelError if torch is not installed, or has no such device, or none for double precision.

    Refused at once, before any fit, is a device that there is not (or, without torch, any):

    >>> import emkit as ek
    >>> try:
    ...     ek.Torch("abacus")
    ... except ek.ModelError:
    ...     print("no such device")
    no such device
    """

    device: str = "cuda"

    def __post_init__(self) -> None:
        Device.named(self.device)

    @contextmanager
    def __call__(self) -> Iterator[MapReduce]:
        """The executor, for as long as the context lasts, and its rows on the device no longer.

        Errors: ModelError if the device has too little memory.
        """
        device = Device.named(self.device)
        kept: dict[int, tuple[RowSource, tuple[Chunk, ...]]] = {}  # with the sources, which keep their identities from others

        def chunks_of(source: RowSource) -> tuple[Chunk, ...]:
            if id(source) not in kept:
                kept[id(source)] = source, tuple(_with_device(each, device) for each in source.cut_for(MOST_NUMBERS).chunks())
            return kept[id(source)][1]

        def spread(function: Callable[[Any], A], source: Source[Any]) -> A:
            if isinstance(source, RowSource) and not source.is_elsewhere:
                return add_up(map(function, chunks_of(source)))
            return add_up(function(_with_device(cut.load(), device)) for cut in source.cuts())

        try:
            yield spread
        except device.full as error:
            raise ModelError(
                f"device {self.device!r} has too little memory for a part of these rows: free some, or fit without a device."
            ) from error
        finally:
            kept.clear()
            device.let_go()


def _with_device(chunk: Any, device: Device) -> Any:
    """The chunk, with its rows on the device for passes along linear forms."""
    if not isinstance(chunk, Chunk) or is_sparse(chunk.x):
        return chunk
    from emkit.devices.rows import DeviceRows

    return replace(chunk, on_device=DeviceRows(lambda: chunk.x, device).form_rows)
