"""Coins on a worksheet."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import gammaln

from emkit.core.arrays import Array
from emkit.explain.worksheet.expressions import Given, Less, Power, Quotient, Sum
from emkit.explain.worksheet.families.setting import ONE, Labelled, Setting
from emkit.explain.worksheet.mistakes import Mistake
from emkit.explain.worksheet.sheet import Line, Variant
from emkit.families.successes import SuccessFamily, SuccessParams


@dataclass(frozen=True)
class Successes(Setting):
    """Coins: theta^heads (1 - theta)^tails."""

    family: SuccessFamily
    params: SuccessParams
    sides = ("heads", "tails")

    @cached_property
    def _counts(self) -> dict[str, Array]:
        return dict(zip(self.sides, self.family.successes_and_failures(self.rows.x), strict=True))

    def factors(self, k: int, i: int) -> tuple[Labelled, ...]:
        found: list[Labelled] = []
        for j in range(self.params.probabilities.shape[1]):
            theta = self.given("probabilities", self.params.probabilities, k, j)
            mark = self.names.column(j)
            found.append((f"heads{mark}", Power(theta, self.count("heads", i, j))))
            found.append((f"tails{mark}", Power(Less(ONE, theta), self.count("tails", i, j))))
        base = self.coefficient(i)
        if base is not None and self.family.log_base(self.rows.x[[i]])[0] != 0:
            found.append(("coefficient", base))
        return tuple(found)

    def count(self, side: str, i: int, j: int) -> Given:
        return Given(side, float(self._counts[side][i, j]))

    def coefficient(self, i: int) -> Given | None:
        h, t = self._counts["heads"][i], self._counts["tails"][i]
        if (h + t <= 1).all():
            return None
        log = float(np.sum(gammaln(h + t + 1) - gammaln(h + 1) - gammaln(t + 1)))
        return Given("coefficient", float(round(math.exp(log))) if log < 30 else math.exp(log))

    def updates(self, k: int) -> Iterator[Line]:
        if "components.probabilities" not in self.updated:
            return
        old = self.params.probabilities
        for j in range(old.shape[1]):
            heads, tails = self.total("heads", k, j), self.total("tails", k, j)
            single = (self._counts["heads"][:, j] + self._counts["tails"][:, j] == 1).all()
            bottom = self.mass(k) if single else Sum((heads, tails))
            ratio = Variant(Mistake.ODDS, "heads / tails", Quotient(heads, tails))
            swap = Variant(Mistake.SWAPPED_OUTCOMES, "tails counted as heads", Quotient(tails, bottom))
            everyone = Given("tosses", float(self.rows.weights @ (self._counts["heads"] + self._counts["tails"])[:, j]))
            wrong = Variant(Mistake.WRONG_NORMALISATION, "divided by all tosses of both", Quotient(heads, everyone))
            line = self.line("probabilities", (k, j), Quotient(heads, bottom), float(old[k, j]), swap, ratio, wrong)
            yield replace(line, probability=True)
