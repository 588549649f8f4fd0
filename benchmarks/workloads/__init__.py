"""One module a workload; each has `run(quick) -> list[Measured]`."""
