"""Speed and memory, measured beside the peers: `python -m benchmarks` (all) or `python -m benchmarks --quick`."""
