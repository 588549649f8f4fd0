"""Fits in words and tables: labels of parameters, tables of estimates, summaries."""
