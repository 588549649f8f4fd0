"""Compiled loops (Numba, cached on disk, without the interpreter lock). Imported only where a problem is large enough."""
