"""Where estimators of components begin, and what they hold there."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from sklearn.utils import check_random_state

from emkit.core.arrays import Array
from emkit.core.coordinates import split_path
from emkit.core.parameters import replace_at
from emkit.data.source import RowSource
from emkit.errors import ParameterError
from emkit.estimators.component_rows import ComponentRows
from emkit.estimators.starting import starts_of
from emkit.models.components import AnyComponents
from emkit.models.frozen import bare
from emkit.search.seeding import Begin, begin, start_near


class ComponentStarts(ComponentRows):
    """The model, and parameters to start from: those that the user gave, those of the last fit, or from the rows."""

    max_iter: Any
    n_init: Any
    random_state: Any
    warm_start: bool
    start: Any
    frozen: Any

    @abstractmethod
    def _model(self) -> AnyComponents:
        """The model to fit."""

    def _given(self, columns: int) -> dict[str, Array]:
        """The parameters to start from that the user gave, by dotted path."""
        return {}

    def _begin(self, source: RowSource) -> Begin[Any]:
        """Where to start from: where the user said, where the last fit ended, or from rough divisions of the rows."""
        given, mixture = self._given(len(source.columns)), bare(self.model_)
        if self.warm_start and hasattr(self, "params_"):
            return Begin([self._previous(source)])
        if self.start is not None:
            return Begin(starts_of(self.start, mixture, source, self.n_components))
        self._check_frozen(given)
        if "components.means" in given:
            return Begin([replace_at(start_near(mixture, source, given["components.means"]), given)])
        starts = 1 if self.max_iter == 0 else None if self.n_init == "auto" else self.n_init
        return begin(self.model_, source, self.n_components, self._seed(), starts, given)

    def _previous(self, source: RowSource) -> Any:
        """Where the last fit ended, which a warm start goes on from. Errors: ParameterError if it was another model."""
        if self._number != self.n_components:
            raise ParameterError(
                f"warm_start goes on from the last fit, which had {self._number} components and not "
                f"{self.n_components}; set warm_start=False to start anew."
            )
        kind = type(bare(self.model_).even(source.profile.sample.profile, self.n_components).components)
        if not isinstance(self.params_.components, kind):
            raise ParameterError(
                f"warm_start goes on from the last fit, whose components are {type(self.params_.components).__name__} and not "
                f"{kind.__name__}; set warm_start=False to start anew."
            )
        return self.params_

    @property
    def _held(self) -> tuple[str, ...]:
        """The dotted paths of what is `frozen`. Errors: ParameterError unless they are paths."""
        given = [self.frozen] if isinstance(self.frozen, str) else [] if self.frozen is None else self.frozen
        if not isinstance(given, list | tuple) or not all(isinstance(path, str) for path in given):
            raise ParameterError(f"frozen is {self.frozen!r}; it must be a path such as 'components.means', or several.")
        return tuple(given)

    def _check_frozen(self, given: Mapping[str, Array]) -> None:
        """Errors: ParameterError if a parameter is to be held of which it is not said where."""
        for path in (path for path in self._held if split_path(path)[0] not in given):
            raise ParameterError(f"frozen holds {path!r} at the start, so say where: give `start`, parameters to start from.")

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31 - 1))
