"""Families made of other families: blocks of columns, kinds of components, and one family with something added or held."""
