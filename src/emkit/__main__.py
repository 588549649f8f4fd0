"""``python -m emkit``."""

from emkit.cli import main

if __name__ == "__main__":
    main()
