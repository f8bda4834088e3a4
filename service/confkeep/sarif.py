"""The envelope of SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format), for editors and code scanning."""

from __future__ import annotations

import os
from typing import Any, Final
from urllib.parse import quote

from confkeep import __version__

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def log(rules: list[dict[str, Any]], results: list[dict[str, Any]], invocation: dict[str, Any]) -> dict[str, Any]:
    """A log of one run. Columns count UTF-16 code units, as in our diagnostics."""
    run = {
        "tool": {"driver": {"name": "confkeep", "version": __version__, "rules": rules}},
        "columnKind": "utf16CodeUnits",
        "invocations": [invocation],
        "results": results,
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def artifact(file: str) -> dict[str, str]:
    """Where ``file`` is: a URI, relative when the path is."""
    path = quote(os.fsencode(file))
    return {"uri": f"file://{path}" if os.path.isabs(file) else path}
