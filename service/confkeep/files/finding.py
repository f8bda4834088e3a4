"""What a doctor's rule says about where a file lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """``rule`` is a doctor's rule id (stable for ever), ``evidence`` what the kernel said."""

    rule: str
    severity: Literal["error", "warning", "note"]
    message: str
    remedy: str
    evidence: str
