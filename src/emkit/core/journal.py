"""Whoever keeps the runs of a fit, so that one that was stopped can go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from emkit.core.engine import Keep, Record, RunState

Go = Callable[[RunState[Any] | None, Keep[Any] | None], Record[Any]]


class Journal(Protocol):
    """The runs of one fit, in the order in which they are made: the same runs whenever the fit is begun."""

    def follow(self, go: Go) -> Record[Any]:
        """The next run: as it was kept; or ``go(begun, keep)``, from where it stood, or from its start if `begun` is None.

        `keep` is to be told where it stands after every step.
        """


class Unkept:
    """The journal of those who keep nothing."""

    def follow(self, go: Go) -> Record[Any]:
        return go(None, None)
