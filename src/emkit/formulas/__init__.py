"""Formulas as values: with numbers or in words, in floats or in fractions. What families describe themselves with."""
