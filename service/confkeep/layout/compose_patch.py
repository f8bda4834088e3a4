"""The patch of a finding: offered only where the changed file passes the check that the finding came from."""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from confkeep.errors import InvalidDocument
from confkeep.layout.compose_diff import unified_diff
from confkeep.layout.compose_edit import NoEdit, apply
from confkeep.layout.compose_finding import Finding, Fix, Seen
from confkeep.layout.compose_fixes import edits_for
from confkeep.layout.compose_nodes import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.layout.compose_edit import Edit
    from confkeep.layout.compose_services import Stack

#: Each patch takes a check of its own: in all no more than so many characters, and so many mounts.
_MOST_CHARACTERS: Final = 4_000_000
_MOST_MOUNTS: Final = 20_000
#: What takes a finding's place on purpose: a source that is missing stays missing.
_INSTEAD: Final = {Fix.DO_NOT_CREATE: "MNT008"}
_NAME: Final = re.compile(r"[\w.+@ -]+")


class Patches:
    """Patches of one file's findings; ``judge`` finds what is wrong with a changed text."""

    def __init__(self, stack: Stack, findings: list[Finding], judge: Callable[[Text], list[Finding]]) -> None:
        self.seen = Seen(stack)
        self.text = stack.where.text
        self.judge = judge
        self.before = Counter(finding.rule for finding in findings)
        self.left = min(_MOST_CHARACTERS // (len(self.text.characters) + 1), _MOST_MOUNTS // (stack.entries + 1))
        self.known: dict[tuple[Edit, ...], tuple[str, list[Finding]]] = {}

    def patch(self, finding: Finding) -> str:
        """A unified diff, to be applied in the file's directory, or "" where there is none."""
        name = os.path.basename(self.text.name)
        if finding.fix is None or _NAME.fullmatch(name) is None:
            return ""
        try:
            edits = edits_for(self.seen, finding.fix, finding.mount)
            diff, after = self._tried(name, edits)
        except (NoEdit, InvalidDocument):
            return ""
        return diff if _is_mended(finding, self.before, after) else ""

    def _tried(self, name: str, edits: list[Edit]) -> tuple[str, list[Finding]]:
        key = tuple(edits)
        if key not in self.known:
            self.left -= 1
            if self.left < 0:
                raise NoEdit
            changed = Text(self.text.name, apply(self.text.characters, edits), self.text.mark)
            self.known[key] = (unified_diff(name, self.text, edits), self.judge(changed))
        return self.known[key]


def _is_mended(finding: Finding, before: Counter[str], after: list[Finding]) -> bool:
    """The finding is gone, and no rule has found more than before."""
    mount = finding.mount
    if any(
        (one.rule, one.mount.service, one.mount.target) == (finding.rule, mount.service, mount.target) for one in after
    ):
        return False
    more = Counter(one.rule for one in after) - before
    return set(more) <= {_INSTEAD.get(finding.fix) if finding.fix else None}
