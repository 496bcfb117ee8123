"""`python -m yett.cli`, the same as `yett`."""

from __future__ import annotations

from yett.cli import main

if __name__ == "__main__":
    main()
