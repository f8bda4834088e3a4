"""Line breaks that not every reader takes for one.

For YAML 1.1, so for libyaml, U+0085, U+2028 and U+2029 end a line; for YAML 1.2 (section 5.4) they do not. Where
one ends a comment or separates two entries, the readers see different documents, and no proof holds for both.
A carriage return alone ends a line for all of them, but for no tool of today.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from confkeep.documents.node import Scalar, walk

if TYPE_CHECKING:
    from confkeep.documents.node import Stream

_ODD: Final = re.compile("\r(?!\n)|[\x85\u2028\u2029]")


def odd_break(stream: Stream) -> int | None:
    """The first such line break that is in no scalar, None where there is none."""
    odd = [found.start() for found in _ODD.finditer(stream.text)]
    if not odd:
        return None
    scalars = [node for root in stream.roots for node in walk(root) if isinstance(node, Scalar)]
    starts = [scalar.start for scalar in scalars]
    for at in odd:
        before = bisect_right(starts, at) - 1
        if before < 0 or at >= scalars[before].end:
            return at
    return None
