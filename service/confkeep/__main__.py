"""``python -m confkeep``."""

import sys

from confkeep.cli import main

sys.exit(main())
