"""The ways in which others change a file, as the shell commands they are. Each file begins as OLD."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

OLD: Final = b"greeting: old\n"


class Kind(StrEnum):
    """Whether a file is in a directory that is mounted, or is mounted itself."""

    IN_DIRECTORY = "in a directory"
    MOUNTED = "mounted"


class Who(StrEnum):
    """A process in the container that has confkeep, one on the host, one in another container."""

    INSIDE = "inside"
    HOST = "host"
    OTHER = "other"


class Outcome(StrEnum):
    """What is to be told; IN_STEPS: the end, and before it perhaps some beginnings of it."""

    NOTHING = "nothing"
    CHANGED = "changed"
    IN_STEPS = "in steps"
    REMOVED = "removed"
    STALE = "stale"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Change:
    """``script``: ``$1`` is the file, ``$2`` another link of it outside the root; run by ``sh -eu``."""

    name: str
    script: str
    outcome: Outcome
    needs: str = "sh"

    @property
    def slug(self) -> str:
        """A name for files."""
        return re.sub(r"\W+", "-", self.name)


@dataclass(frozen=True, slots=True)
class Case:
    """A change, by whom, to a file of its own."""

    change: Change
    who: Who
    outcome: Outcome

    @property
    def file(self) -> str:
        """The name of that file."""
        return f"{self.change.slug}-{self.who}.yaml"

    def __str__(self) -> str:
        """The test's id."""
        return f"{self.change.name} ({self.who})"


# Nothing of vim's own is changed but that it treats files in /tmp, where tests are, like others: 'backupskip'.
_VIM: Final = "-i NONE -c 'set backupskip=' -c '%s/old/vim/' -c wq \"$1\" </dev/null >/dev/null 2>&1"
# `git checkout` of a file that the index has with another content, in a repository that is not in the root.
_GIT: Final = """
repository=$(mktemp -d) tree=$(dirname "$1") name=$(basename "$1")
ours() { git --git-dir="$repository" --work-tree="$tree" "$@"; }
ours init -q
blob=$(echo 'greeting: git' | ours hash-object -w --stdin)
ours update-index --add --cacheinfo "100644,$blob,$name"
ours checkout -q -- "$name"
rm -r "$repository"
"""

WRITE: Final = Change("write in place", "echo 'greeting: new' | dd of=\"$1\" conv=notrunc status=none", Outcome.CHANGED)
TRUNCATE: Final = Change("truncate and write", "echo 'greeting: truncated' >\"$1\"", Outcome.IN_STEPS)
APPEND: Final = Change("append", "echo 'more: true' >>\"$1\"", Outcome.CHANGED)
#: They keep the inode: on a mounted file they work as on any other. The first three are tried by everybody.
IN_PLACE: Final = (
    WRITE,
    TRUNCATE,
    APPEND,
    Change("two steps", "exec 3>\"$1\"; printf 'greeting: ' >&3; echo 'in two steps' >&3", Outcome.IN_STEPS),
    Change("cp", 'new=$(mktemp); echo "greeting: copied" >"$new"; cp "$new" "$1"; rm "$new"', Outcome.IN_STEPS),
    Change("vim -es", f"vim -es {_VIM}", Outcome.IN_STEPS, needs="vim"),
    Change("the same bytes", "echo 'greeting: old' | dd of=\"$1\" conv=notrunc status=none", Outcome.NOTHING),
    Change("metadata", 'chmod 640 "$1"; touch "$1"; chmod 644 "$1"', Outcome.NOTHING),
)
LINK: Final = Change("hard link", "echo 'greeting: lnk' | dd of=\"$2\" conv=notrunc status=none", Outcome.CHANGED)
VIM: Final = Change("vim", f"vim --not-a-term {_VIM}", Outcome.IN_STEPS, needs="vim")
#: As vim does with `set backup`: the old file stays, by another name.
KEPT: Final = Change(
    "kept as a backup", 'mv "$1" "$1~"; echo "greeting: back" >"$1.new~"; mv "$1.new~" "$1"', Outcome.CHANGED
)
#: They give the name to another inode.
BY_NAME: Final = (
    VIM,
    Change("rename over", 'echo "greeting: renamed" >"$1.new~"; mv "$1.new~" "$1"', Outcome.CHANGED),
    Change("sed", 'sed -i s/old/sed/ "$1"', Outcome.CHANGED),
    Change("git checkout", _GIT, Outcome.IN_STEPS, needs="git"),
    KEPT,
    Change("delete", 'rm "$1"', Outcome.REMOVED),
)


def _where_mounted(change: Change) -> Outcome:
    """The mount follows its source as long as that has a name."""
    return Outcome.MOVED if change is KEPT else Outcome.STALE


def cases(kind: Kind) -> list[Case]:
    """All of them for a file of that kind."""
    found = [Case(change, Who.HOST, change.outcome) for change in (*IN_PLACE, LINK)]
    found += [Case(change, who, change.outcome) for change in IN_PLACE[:3] for who in (Who.INSIDE, Who.OTHER)]
    if kind is Kind.MOUNTED:
        found += [Case(change, Who.HOST, _where_mounted(change)) for change in BY_NAME]
        found.append(Case(VIM, Who.INSIDE, VIM.outcome))  # it cannot rename the file away, and writes it in place
    else:
        found += [Case(change, who, change.outcome) for change in BY_NAME for who in (Who.HOST, Who.INSIDE)]
    return found
