"""Fits of every kind that a report may be asked of, and readers of what was written."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from html.parser import HTMLParser

import numpy as np

import emkit as ek
from emkit import lessons
from emkit.models import Hard

RNG = np.random.default_rng(5)
DAYS = [162, 267, 271, 185, 111, 61, 27, 8, 3, 1]
GEYSER = lessons.old_faithful().source.x


def answers(n: int = 120) -> tuple[list[list[str | None]], np.ndarray]:
    """Answers of two kinds of people with gaps, and weights."""
    rng = np.random.default_rng(3)
    chance = np.where(rng.random(n) < 0.4, 0.85, 0.2)
    cells = [["yes" if rng.random() < p else "no" for _ in range(4)] + [rng.choice(["low", "mid", "high"])] for p in chance]
    with_gaps = [[None if rng.random() < 0.08 else cell for cell in row] for row in cells]
    return with_gaps, rng.integers(1, 4, n).astype(float)


def latent_classes() -> ek.Result:
    frame, weights = answers()
    return ek.LatentClass(2, n_init=4, random_state=0).fit(frame, sample_weight=weights).result_


def chosen():
    return ek.select(
        ek.GaussianMixture(n_init=2, random_state=0), GEYSER, range(1, 4), grid={"covariance_type": ["full", "tied"]}
    )


def poisson() -> ek.Result:
    return ek.MixtureModel("poisson", 2, n_init=4, random_state=0).fit(np.arange(10.0)[:, None], sample_weight=DAYS).result_


def labelled() -> ek.Result:
    labels = np.where(np.arange(len(GEYSER)) % 5 == 0, np.where(GEYSER[:, 0] > 3, "long", "short"), None)
    return ek.GaussianMixture(2, n_init=2, random_state=0).fit(GEYSER, labels=labels).result_


def in_groups() -> ek.Result:
    rng = np.random.default_rng(0)
    x = rng.poisson(np.repeat(rng.choice([1.0, 6.0], 30), 4)).astype(float)
    return ek.MixtureModel("poisson", 2, n_init=2, random_state=0).fit(x[:, None], groups=np.repeat(np.arange(30), 4)).result_


def with_prior() -> ek.Result:
    model = ek.WithPrior(ek.Mixture(ek.Poisson()), {"components.rates": ek.GammaPrior(20, 8)})
    start = ek.MixtureParams([0.3, 0.7], ek.PoissonParams([[1.0], [2.5]]))
    return ek.fit(model, range(10), start, weights=DAYS)


def collapsed() -> ek.Result:
    x = np.concatenate([np.random.default_rng(0).normal(size=60), np.full(5, 9.0)])
    start = ek.MixtureParams([0.9, 0.1], ek.FullGaussianParams([[0.0], [9.0]], [[[1.0]], [[0.01]]]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ek.DegenerateFitWarning)
        return ek.fit(ek.Mixture(ek.FullGaussian()), x, start)


def mixed() -> ek.Result:
    rng = np.random.default_rng(0)
    old = rng.random(80) < 0.5
    x = np.column_stack(
        [rng.normal(np.where(old, 65, 30), 5), rng.poisson(np.where(old, 7, 1)), rng.random(80) < 0.2 + 0.5 * old]
    )
    family = {0: "gaussian", 1: "poisson", 2: "categorical"}
    return ek.MixtureModel(family, 2, n_init=2, random_state=0).fit(x).result_


def hard() -> ek.Result:
    start = ek.MixtureParams([0.5, 0.5], ek.PoissonParams([[1.0], [3.5]]))
    return ek.fit(ek.Mixture(ek.Poisson(), Hard()), range(10), start, weights=DAYS)


def gated_regression() -> ek.Result:
    rng = np.random.default_rng(6)
    x, w, days = rng.normal(size=80), rng.normal(size=80), rng.uniform(1, 3, 80)
    y = rng.poisson(days * np.exp(np.where(rng.random(80) < 1 / (1 + np.exp(-w)), 1 + 0.5 * x, 0.2 - 0.5 * x)))
    model = ek.MixtureRegression("y ~ x | w", 2, family="poisson", offset="log(days)", n_init=2, random_state=0)
    return model.fit({"y": y, "x": x, "w": w, "days": days}).result_


def chain() -> ek.Result:
    counts = [0, 1, 0, 2, 1, 6, 7, 5, 8, 6, 1, 0, 1]
    return ek.HiddenMarkov("poisson", 2, random_state=0, n_init=1).fit(counts, lengths=[8, 5]).result_


FITS: dict[str, Callable[[], ek.Result]] = {
    "latent classes": latent_classes,
    "poisson": poisson,
    "labels": labelled,
    "groups": in_groups,
    "prior": with_prior,
    "collapsed": collapsed,
    "mixed": mixed,
    "hard": hard,
    "regression": gated_regression,
    "chain": chain,
    "cells": lambda: lessons.blood_groups().fit(),
    "not identified": lambda: lessons.three_coins().fit(),
    "without data": lambda: latent_classes().without_data(),
    "one component": lambda: ek.MixtureModel("gamma", 1).fit(RNG.gamma(2.0, size=(40, 2))).result_,
}


class Reader(HTMLParser):
    """What stands in a report of HTML: titles, paragraphs, and tables cell by cell."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[tuple[str, str]] = []
        self.tables: list[list[list[str]]] = []
        self.tags: set[str] = set()
        self.images: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        elif tag in ("p", "h1", "h2", "caption", "figcaption"):
            self.texts.append((tag, ""))
        elif tag == "img":
            self.images.append(dict(attrs)["src"])
        if tag not in ("img", "meta"):
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        inside = self._open[-1] if self._open else ""
        if inside in ("td", "th"):
            self.tables[-1][-1][-1] += data
        elif inside in ("p", "h1", "h2", "caption", "figcaption"):
            self.texts[-1] = self.texts[-1][0], self.texts[-1][1] + data


def read_html(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader._open == []
    return reader


def read_markdown(text: str) -> tuple[list[list[list[str]]], list[str]]:
    """The tables of a report of Markdown cell by cell, and its other lines."""
    tables: list[list[list[str]]] = []
    others: list[str] = []
    within = False
    for line in text.splitlines():
        if line.startswith("| "):
            cells = [unescaped(cell.strip()) for cell in re.findall(r"(?:\\.|[^|\\])+", line.strip("|"))]
            tables = tables if within else [*tables, []]
            tables[-1].append(cells)
        elif line:
            others.append(unescaped(line))
        within = line.startswith("| ")
    return [[rows[0], *rows[2:]] for rows in tables], others


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
