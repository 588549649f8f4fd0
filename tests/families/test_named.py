"""Wherever a family is asked for, it may be named; what is none is refused in words."""

import pytest

import emkit as ek

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
