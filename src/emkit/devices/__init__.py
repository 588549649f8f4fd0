"""Passes over rows on a device that torch works on, such as a graphics card.

What compiled code does on a processor is done here once more, in tensors: see `families/linear.py` for what that is.
"""
