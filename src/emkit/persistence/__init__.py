"""Fits outside this process: parameters as plain values, and a source that stands for data that were left behind."""
