"""What is known of parameters before the data: estimates that maximise likelihood times prior."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np

from emkit.core.arrays import Array, Mask
from emkit.core.climb import climb
from emkit.core.coordinates import is_under, split_path
from emkit.core.expected import Expected
from emkit.core.parameters import Parameters, get_at, leaves, replace_at
from emkit.core.protocols import LatentModel, Update
from emkit.errors import DegenerateFitError, ModelError, ParameterError
from emkit.models.around import Around, bare, links, wrappers
from emkit.models.priors import DensityPrior, Prior

P = TypeVar("P", bound=Parameters)
S = TypeVar("S")


class Term(NamedTuple):
    """A prior and the path of what it is the density of."""

    path: str
    prior: Prior


class WithPrior(Around[P, S]):
    """`model` with `priors` on the parameters at dotted paths: estimates maximise likelihood times prior.

    ``WithPrior(Mixture(Poisson()), {"proportions": DirichletPrior(2), "components.rates": GammaPrior(2, 0.5)})``. A path may
    lead to a field or to what holds several: ``{"components": NormalPrior()}``. A function of a value, the logarithm of a
    density, is a prior, too. M-steps with a conjugate prior are exact; others go by Newton's method, and never fall. The
    objective of a fit is log-likelihood plus log-prior (up to a constant), and is told beside the log-likelihood.
    Errors: ModelError if a path is none that the model's updates move, ParameterError for a start of prior density 0.

    Deaths of women over 80 a day in London, 1910 to 1912 (Hasselblad, 1969), where rates are known from before:

    >>> import emkit as ek
    >>> days = [162, 267, 271, 185, 111, 61, 27, 8, 3, 1]
    >>> model = ek.WithPrior(ek.Mixture(ek.Poisson()), {"components.rates": ek.GammaPrior(20, 8)})
    >>> start = ek.MixtureParams([0.3, 0.7], ek.PoissonParams([[1.0], [2.5]]))
    >>> fit = ek.fit(model, range(10), start, weights=days)
    >>> print(fit.params.components.rates.ravel().round(3), round(fit.log_likelihood, 3), round(fit.objective, 3))
    [1.539 2.848] -1990.364 -1997.382
    """

    def __init__(self, model: LatentModel[P, S], priors: Mapping[str, Prior | Callable[[Any], float]]) -> None:
        known = links(model, "no prior can be stated for a part of it")
        for path, prior in priors.items():
            if not any(_meet(path, link) for link in known):
                raise ModelError(f"there is no parameter {path!r} to have a prior; this model updates {', '.join(known)}.")
            if not isinstance(prior, Prior) and not callable(prior):
                raise ModelError(f"the prior of {path!r} is {prior!r}; give one such as DirichletPrior(2), or a log-density.")
        self.model = model
        self.priors = {path: each if isinstance(each, Prior) else DensityPrior(each) for path, each in priors.items()}

    def __repr__(self) -> str:
        return f"WithPrior({self.model!r}, {self.priors!r})"

    def around(self, model: LatentModel[P, S]) -> Self:
        return type(self)(model, self.priors)

    @property
    def said(self) -> str:
        return f"prior on {' and '.join(self.priors)}"

    @property
    def states_prior(self) -> bool:
        return True

    def log_prior(self, params: P) -> float:
        own = sum(prior.log_density(get_at(params, path)) for path, prior in self.priors.items())
        return own + self.model.log_prior(params)

    def settled(self, profile: Any) -> Self:
        return type(self)(self.model.settled(profile), {path: prior.settled(profile) for path, prior in self.priors.items()})

    def check(self, params: P, profile: Any) -> None:
        self.model.check(params, profile)
        for path, prior in self.priors.items():
            value = get_at(params, path)
            try:
                with np.errstate(invalid="ignore"):
                    found = prior.settled(profile).log_density(value)
            except ModelError as error:
                raise ModelError(f"{_called(path, value)} cannot have the prior {prior!r}: {error}") from None
            if np.isnan(found):
                raise ModelError(
                    f"{_called(path, value)} cannot have the prior {prior!r}, which is no density of such numbers: give one "
                    "whose values they may be, or a function, the logarithm of a density."
                )
            if not np.isfinite(found):
                raise ParameterError(f"the prior of {path} has density {np.exp(found):g} at the start. Start elsewhere.")

    def undetermined(self, params: P) -> Mapping[str, Mask]:
        """Those of the model of which nothing is known."""
        return {path: mask for path, mask in self.model.undetermined(params).items() if not is_under(path, self.priors)}

    def updates(self) -> Mapping[str, Update[S, P]]:
        return {path: self._link(path, update) for path, update in self.model.updates().items()}

    def _link(self, path: str, update: Update[S, P]) -> Update[S, P]:
        """A link of the model's chain, with what is known of the field."""
        if not any(_meet(path, each) for each in self.priors):
            return update

        def with_prior(stats: S, before: P, now: P) -> Any:
            def height(params: P) -> Expected:
                return self._height(stats, before, params)

            points = [now, *self._proposed(path, update, stats, before, now)]
            start = max(points, key=lambda params: height(params).value)
            return get_at(climb(height, start, (path,), self.scales(now), self.held(now)), path)

        return with_prior

    def _height(self, stats: S, before: P, params: P) -> Expected:
        """The expected log-likelihood with the log-prior, and the slopes that are known of both."""
        found = self.model.expected(stats, before, params)
        slopes = dict(found.slopes) if not bare(self).states_prior else {}
        for path, prior in self._terms():
            value = get_at(params, path)
            own = {f"{path}.{inner}".rstrip("."): slope for inner, slope in prior.slopes(value).items()}
            known = [each for each in slopes if each in own or not is_under(each, [path])]
            slopes = {each: slopes[each] + own.get(each, 0.0) for each in known}
        return Expected(found.value + self.log_prior(params), slopes)

    def _terms(self) -> Iterator[Term]:
        """The priors stated here and further inside."""
        for wrapper in wrappers(self):
            if isinstance(wrapper, WithPrior):
                yield from (Term(path, prior) for path, prior in wrapper.priors.items())

    def _proposed(self, path: str, update: Update[S, P], stats: S, before: P, now: P) -> Iterator[P]:
        """Points to go on from: where the likelihood alone would lead, and where formulas of conjugate priors do."""
        with suppress(DegenerateFitError, ParameterError):  # the likelihood alone may have no maximum
            yield replace_at(now, {path: update(stats, before, now)})
        moved, held = now, self.held(now)
        for at, prior in self._terms():
            for each in [leaf.path for leaf in leaves(now) if is_under(leaf.path, [at]) and _meet(leaf.path, path)]:
                if any(_meet(each, split_path(other)[0]) for other in held):
                    continue
                slope = partial(self._slope, stats, before, moved, each)
                with suppress(KeyError, ParameterError, DegenerateFitError):  # no slopes are written, or it is not conjugate
                    best = prior.best(get_at(moved, at), each.removeprefix(at).removeprefix("."), slope)
                    moved = moved if best is None else replace_at(moved, {each: best})
        yield moved

    def _slope(self, stats: S, before: P, here: P, path: str, value: Array) -> Array:
        """That of the expected log-likelihood along the field at `path`, were that `value`. Errors: KeyError if not written."""
        return self.model.expected(stats, before, replace_at(here, {path: value})).slopes[path]


def _called(path: str, value: Any) -> str:
    """What lies at a path, in words: ``'noise', an array of shape (1,)``."""
    if isinstance(value, Parameters):
        return f"{path!r}, {type(value).__name__} with several fields,"
    if isinstance(value, tuple):
        return f"{path!r}, a tuple of {len(value)},"
    shape = np.shape(value)
    return f"{path!r}, an array of shape {shape}," if shape else f"{path!r}, a number,"


def _meet(path: str, other: str) -> bool:
    """Whether one of the paths leads to a part of the other."""
    return not path or not other or is_under(path, [other]) or is_under(other, [path])
