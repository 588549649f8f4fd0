"""Wherever a family is asked for, it may be named; what is none is refused in words."""

import pytest

import emkit as ek
from emkit.families.named import PREFIXES

MADE = {
    "zero-inflated": ek.ZeroInflated,
    "truncated": lambda family: ek.Truncated(family, 1),
    "repeated": lambda family: ek.Repeated(family, 3),
    "mixture of": lambda family: ek.MixtureOf(family, 2),
    "tied": lambda family: ek.Tied(family, "rates"),
    "per component": lambda family: ek.PerComponent(family, family),
    "product": lambda family: ek.Product({0: family}),
    "mixture": ek.Mixture,
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_a_family_may_be_named(make):
    assert make("poisson") == make(ek.Poisson())


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("possion", "there is no family 'possion'.*Did you mean 'poisson'"),
        (ek.Poisson, "is no family"),
        (3, "3 is no family"),
        (ek.Mixture("poisson"), "is a whole model.*ek.fit"),
    ],
)
def test_anything_else_is_refused(make, given, said):
    with pytest.raises(ek.ModelError, match=said):
        make(given)


def test_a_column_alone_has_no_covariances():
    assert ek.Product({"a": "gaussian"}) == ek.Product({"a": ek.DiagonalGaussian()})


@pytest.mark.parametrize("kind", ["zero-inflated", "truncated", "repeated", "tied"])
def test_a_family_made_of_another_says_so_in_its_name(kind):
    assert MADE[kind]("poisson").name == f"{kind} poisson"


PREFIXED = {
    "zero-inflated:poisson": ek.ZeroInflated(ek.Poisson()),
    "zero-truncated:negative-binomial": ek.Truncated(ek.NegativeBinomial(), 1),
    "censored:weibull": ek.Censored(ek.Weibull()),
    "censored-in-windows:gamma": ek.CensoredInWindows(ek.Gamma()),
    "repeated-4:poisson": ek.Repeated(ek.Poisson(), 4),
    "mixture-of-2:gaussian-diag": ek.MixtureOf(ek.DiagonalGaussian(), 2),
    "repeated-3:zero-inflated:geometric": ek.Repeated(ek.ZeroInflated(ek.Geometric()), 3),
}


@pytest.mark.parametrize(("name", "family"), PREFIXED.items(), ids=PREFIXED)
def test_families_made_of_others_have_names(name, family):
    assert ek.family_named(name) == ek.Mixture(name).family == family
    assert ek.Product({0: name}) == ek.Product({0: family})


def test_every_prefix_is_tried_above():
    assert {name.partition(":")[0].rstrip("-0123456789") for name in PREFIXED} == set(PREFIXES)


def test_gaussian_of_one_column_has_a_variance_under_a_prefix_too():
    assert ek.Product({0: "mixture-of-2:gaussian"}) == ek.Product({0: ek.MixtureOf(ek.DiagonalGaussian(), 2)})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("zero-inflatd:poisson", r"is no family; .*zero-inflated:FAMILY.* Did you mean 'zero-inflated'\?"),
        ("zero-inflated:possion", r"there is no family 'possion'"),
        ("repeated:poisson", r"'repeated:poisson' is no family; .*repeated-N:FAMILY.*FAMILY\.$"),
        ("zero-inflated-2:poisson", "is no family"),
        ("repeated-0:poisson", "a whole number >= 1"),
        ("zero-truncated:gaussian", "gaussian is of no counts"),
        (":poisson", "there is no family ':poisson'"),
        ("zero-inflated:", "there is no family ''"),
    ],
)
def test_names_that_are_none_are_refused_in_words(name, said):
    with pytest.raises(ek.ModelError, match=said):
        ek.family_named(name)
