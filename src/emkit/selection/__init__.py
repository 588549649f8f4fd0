"""Many fits of one problem: bootstrap, and choice among models."""

from emkit.selection.bootstrap import Bootstrap, bootstrap

__all__ = ["Bootstrap", "bootstrap"]
