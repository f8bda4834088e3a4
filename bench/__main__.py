"""``python -m bench [BENCH ...] [--rounds N]``: those below, or all; exit code 1 when a budget is exceeded."""

from __future__ import annotations

import argparse
import compileall
import signal
import sys
from pathlib import Path

import confkeep
from bench import (
    cli,
    documents,
    folder,
    get,
    growth,
    history,
    imports,
    keeper,
    library,
    replace,
    save,
    services,
    start,
    survey,
    torn,
    watching,
)
from bench.peers import comparison

_BENCHES = {
    "save": save.run,
    "get": get.run,
    "start": start.run,
    "cli": cli.run,
    "torn": torn.run,
    "replace": replace.run,
    "folder": folder.run,
    "history": history.run,
    "keeper": keeper.run,
    "library": library.run,
    "imports": imports.run,
    "watching": watching.run,
    "survey": survey.run,
    "documents": documents.run,
    "peers": comparison.run,
    "services": services.run,
    "growth": growth.run,
}


def _end(*_: object) -> None:
    sys.exit(1)  # disks are unmounted on the way out


def main() -> int:
    """Run the benches that were asked for, then the verdicts."""
    parser = argparse.ArgumentParser(prog="bench", description="The budgets, as ratios in one run.")
    parser.add_argument("names", nargs="*", metavar="BENCH", help=f"of {', '.join(_BENCHES)} (default: all)")
    parser.add_argument("--rounds", type=int, default=20, metavar="N", help="of each bench (default: %(default)s)")
    parser.add_argument("--directory", metavar="DIR", help="where disks are made (default: that of temporary files)")
    options = parser.parse_args()
    names: list[str] = options.names or list(_BENCHES)
    if not set(names) <= _BENCHES.keys():
        parser.error(f"there is no bench {', '.join(set(names) - _BENCHES.keys())}; there are {', '.join(_BENCHES)}")
    signal.signal(signal.SIGTERM, _end)
    compileall.compile_dir(Path(confkeep.__file__).parent, quiet=1)
    budgets = [budget for name in names for budget in _BENCHES[name](options.rounds, options.directory)]
    print()
    for budget in budgets:
        print(budget.line())
    return 0 if all(budget.kept for budget in budgets) else 1


sys.exit(main())
