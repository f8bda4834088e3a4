"""Real documents to try things on: our own small set, and the large corpus where it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_TOP: Final = Path(__file__).parents[2]
_OWN: Final = _TOP / "tests" / "documents" / "own"


def own() -> list[Path]:
    """Our own YAML files, written to be odd."""
    return sorted(_OWN.glob("*.yaml"))


def corpus() -> list[Path] | None:
    """The YAML files of the large corpus, in a fixed order; None where it is absent.

    CONFKEEP_CORPUS names its directory; otherwise it is looked for beside the project (``../shared/corpus``).
    """
    place = Path(os.environ.get("CONFKEEP_CORPUS", _TOP.parent / "shared" / "corpus"))
    return sorted([*place.rglob("*.yaml"), *place.rglob("*.yml")]) or None
