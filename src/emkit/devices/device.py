"""A device as torch has it: arrays are sent there, and it has so much room."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Self

import numpy as np

from emkit.core.arrays import Array
from emkit.errors import ModelError

Tensor = Any
TILE = 1 << 20  # numbers that are worked on at a time on a processor, where they stay near the cache,
LARGE_TILE = 1 << 27  # and on a card at most: 1 GiB, since each call costs as much as thousands of rows
SHARE = 4  # of the free memory of a card, such a part is for one tile, and as much stays free of rows


@dataclass(frozen=True)
class Device:
    """The device that torch calls `name`; `tile` is how many numbers are worked on at a time."""

    name: str
    tile: int

    @classmethod
    def named(cls, name: str) -> Self:
        """The device of that name. Errors: ModelError without torch, or where it has no such device, or none for float64."""
        if find_spec("torch") is None:
            raise ModelError("work on a device is done by torch, which is not installed: pip install 'emkit[gpu]'.")
        import torch

        try:
            torch.zeros(1, dtype=torch.float64, device=name).cpu()
        except (RuntimeError, AssertionError, TypeError, ValueError, NotImplementedError) as error:
            said = str(error).splitlines()[0]
            raise ModelError(
                f"torch cannot work in double precision on device {name!r} ({said}). Name one that it has: 'cuda', 'cuda:1', "
                "or 'cpu', on which the same is computed more slowly."
            ) from None
        on_card = torch.device(name).type == "cuda"
        return cls(name, min(LARGE_TILE, _free(name) // SHARE // 8) if on_card else TILE)

    @property
    def has_room(self) -> bool:
        """Whether rows may stay: those that do not are sent anew in every pass."""
        import torch

        if torch.device(self.name).type != "cuda":
            return True
        return _free(self.name) * SHARE > int(torch.cuda.mem_get_info(self.name)[1])

    def tensor(self, array: Array) -> Tensor:
        """The numbers of an array, there."""
        import torch

        return torch.tensor(np.ascontiguousarray(array), device=self.name)

    def tensors(self, *arrays: Array) -> list[Tensor]:
        """The numbers of several arrays in double precision, sent at once: what little is sent waits for the way there."""
        sent = self.tensor(np.concatenate([array.ravel() for array in arrays]))
        return [part.view(array.shape) for part, array in zip(sent.split([a.size for a in arrays]), arrays, strict=True)]

    @property
    def full(self) -> type[Exception]:
        """The error of torch where there is no memory left."""
        import torch

        error: type[Exception] = torch.cuda.OutOfMemoryError
        return error

    def let_go(self) -> None:
        """Give back what torch keeps of the memory of a card for the next tensors."""
        import torch

        if torch.device(self.name).type == "cuda":
            torch.cuda.empty_cache()


def _free(name: str) -> int:
    """Bytes of a card that are free, or that torch keeps for the next tensors."""
    import torch

    kept = torch.cuda.memory_reserved(name) - torch.cuda.memory_allocated(name)
    return int(torch.cuda.mem_get_info(name)[0] + kept)
