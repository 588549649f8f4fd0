"""Worked examples as values."""

from emkit.lessons.lesson import Lesson, Printed
from emkit.lessons.three_coins import three_coins
from emkit.lessons.two_coins import two_coins

__all__ = ["Lesson", "Printed", "three_coins", "two_coins"]
