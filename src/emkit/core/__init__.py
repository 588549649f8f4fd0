"""The algorithm: statistics that add up, parameters in declared spaces, evaluations, the loop, stopping, restarts.

Nothing in this package knows a model, a file format or a screen.
"""
