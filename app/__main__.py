"""`python -m app` is `parley`."""

import sys

from app.cli import main

if __name__ == "__main__":
    sys.exit(main())
