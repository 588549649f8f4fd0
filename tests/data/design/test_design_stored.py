"""Designs in files: JSON that makes the same columns again, and nothing that a file says of them is believed."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

import emkit as ek
from emkit.data.design import STORED, Design
from emkit.persistence.known import known
from emkit.persistence.values import Reader, Writer
from tests.data.design.payloads import PAYLOADS

DATA = {
    "y": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 9.0, 7.0],
    "t": [1.0, 2.0, 0.1, 1.5, 4.0, 7.0, 2.5, 0.5, 1 / 3],
    "x": [0.0, 1.0, 0.0, 2.0, 9.0, 3.0, 5.0, 8.0, 6.0],
    "g": ["a", "b", "ü", "b", "a", "b", "a", "a", "ü"],
    "id": [1, 1, 1, 2, 2, 2, 3, 3, 3],
}
DESIGN = Design.of(
    "log(y) ~ poly(t, 3) + C(g, Treatment('b')) | poly(x, 2, raw=True)", DATA, offset="log(y + 1)", trials="y", groups="id"
)


def stored(design):
    writer = Writer(known(STORED))
    plain = json.loads(json.dumps(writer.plain(design, "design"), allow_nan=False))
    assert writer.arrays == []
    assert writer.classes == set()
    return plain


def loaded(plain):
    return Reader(known(STORED), ()).value(plain, Design, "design")


def test_a_design_comes_back_to_the_last_bit():
    back = loaded(stored(DESIGN))
    assert back == DESIGN
    np.testing.assert_array_equal(back.rows(DATA).x, DESIGN.rows(DATA).x)
    assert back.rows(DATA).columns == DESIGN.rows(DATA).columns
    assert stored(back) == stored(DESIGN)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda design: pickle.loads(pickle.dumps(design))])
def test_a_design_can_be_copied_and_sent(copied):
    assert copied(DESIGN) == DESIGN
    np.testing.assert_array_equal(copied(DESIGN).rows(DATA).x, DESIGN.rows(DATA).x)


@pytest.mark.parametrize("field", ["formula", "offset", "trials"])
def test_payloads_in_a_file_are_refused(field, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plain = stored(DESIGN)
    for payload in PAYLOADS.values():
        plain["with"][field] = payload
        with pytest.raises(ek.DataError, match="design cannot be"):
            loaded(plain)
    assert not list(tmp_path.iterdir())


def coding(plain, name):
    return next(value for key, value in plain["with"]["codings"]["mapping"] if key == name)["with"]


def forged(name, **changes):
    plain = stored(DESIGN)
    coding(plain, name).update(changes)
    return plain


def other(**changes):
    plain = stored(DESIGN)
    plain["with"].update(changes)
    return plain


def swapped():
    plain = stored(DESIGN)
    pairs = plain["with"]["codings"]["mapping"]
    pairs[0][1], pairs[1][1] = pairs[1][1], pairs[0][1]
    return plain


def lacking():
    plain = stored(DESIGN)
    del plain["with"]["codings"]["mapping"][0]
    return plain


POLY, C, RAW = "poly(t, 3)", "C(g, Treatment('b'))", "poly(x, 2, raw=True)"
FORGED = {
    "no levels": forged(C, names=[]),
    "levels twice": forged(C, names=["a", "b", "b"]),
    "levels that are numbers": forged(C, names=[1, 2, 3]),
    "levels that are text": forged(C, names="abc"),
    "a reference that is none": forged(C, reference=7),
    "a reference below": forged(C, reference=-1),
    "another reference": forged(C, reference=0),
    "a reference that is text": forged(C, reference="b"),
    "unit 0": forged(POLY, unit=0.0),
    "a centre that is none": forged(POLY, centre={"number": "nan"}),
    "norms below 0": forged(POLY, norms=[1.0, -1.0, 1.0, 1.0]),
    "few norms": forged(POLY, norms=[1.0, 1.0]),
    "fewer shifts": forged(POLY, norms=[1.0, 1.0], shifts=[0.0]),
    "no shifts": forged(POLY, norms=[1.0], shifts=[]),
    "text for shifts": forged(POLY, shifts=["a", "b", "c"]),
    "a large degree": forged(RAW, degree=10**9),
    "another degree": forged(RAW, degree=3),
    "codings swapped": swapped(),
    "a coding lacking": lacking(),
    "another formula": other(formula="y ~ x"),
    "no formula": other(formula=None),
    "codings that are none": other(codings=3),
    "groups that are none": other(groups=3),
    "an offset of levels": other(offset="C(g, Treatment('b'))"),
    "unknown fields": other(context={}),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_design_is_refused(name):
    with pytest.raises(ek.DataError, match="design"):
        loaded(FORGED[name])
