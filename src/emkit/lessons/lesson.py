"""A worked example as a value: data, model, start, the numbers its source prints, and what to notice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emkit.core.protocols import LatentModel
from emkit.data.source import ArraySource
from emkit.fitting import fit
from emkit.result import Result


@dataclass(frozen=True)
class Printed:
    """A number as its source prints it: the `text` keeps the digits, `where` says on which line it stands."""

    name: str
    text: str
    where: str

    @property
    def value(self) -> float:
        """The number."""
        return float(self.text)


@dataclass(frozen=True)
class Lesson:
    """Everything a worked example consists of.

    `components` name the latent states; `symbols` map a name of the worksheet (``theta_A``) to the dotted entry it stands
    for (``components.probabilities[0, 0]``); `printed` are the numbers of the `reference`, to be checked; `notice` is what
    the lesson is about.
    """

    name: str
    title: str
    story: str
    model: LatentModel[Any, Any]
    source: ArraySource
    start: Any
    components: tuple[str, ...]
    symbols: dict[str, str] = field(default_factory=dict)
    row_names: tuple[str, ...] = ()
    printed: tuple[Printed, ...] = ()
    notice: tuple[str, ...] = ()
    reference: str = ""

    def fit(self, **options: Any) -> Result[Any]:
        """Fit the lesson's model to its data from its start; options as in `emkit.fit`."""
        return fit(self.model, self.source, self.start, **options)
