"""What is watched of the roots, and how: by inotify, and by polling where that cannot tell.

From here come the marks: of what the kernel says, and of what a round through a root finds. A round is made at the
start, of each new or moved directory, and of everything when the kernel has lost count.
"""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from confkeep.files.finding import Finding
from confkeep.history import revisions
from confkeep.watch import inotify
from confkeep.watch.pollers import Pollers
from confkeep.watch.standing import Mounts, State
from confkeep.watch.tree import LimitReached, Tree, directories, names_in
from confkeep.watch.watched import Selection, is_below
from confkeep.watch.way import way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from confkeep.files.root import Root
    from confkeep.files.target import Target
    from confkeep.history.store import Store
    from confkeep.watch.happened import Listener
    from confkeep.watch.inotify import Notice
    from confkeep.watch.marks import Marks
    from confkeep.watch.tree import Watched

#: At so many marks a round waits until some are done: what is remembered does not grow with the number of files.
_ENOUGH: Final = 256
#: Seconds between two looks at a root that is not there and whose place cannot be watched either.
_MISSING: Final = 1.0
#: Seconds that a round may take until the kernel is heard again: a tree may hold millions of other files.
_SLICE: Final = 0.05


class Ground:
    """The roots of one watcher. Belongs to its thread."""

    def __init__(self, store: Store, marks: Marks, listener: Listener, poke: Callable[[str], None]) -> None:
        """``poke`` is called with what a poller has found, on another thread."""
        self.selection = Selection(store)
        self._store = store
        self._marks = marks
        self._listener = listener
        self._tree: Tree | None = None
        self._mounts = Mounts()
        self._pollers = Pollers(self.selection.takes, poke)
        self._rounds: deque[Iterator[None]] = deque()
        #: Names of the roots that are polled for want of watches.
        self._limited_roots: set[str] = set()
        #: Roots that need another round, and when.
        self._later: dict[Root, float] = {}
        #: What a root is reached by, without itself: where that changes, it may be another one.
        self._ways: dict[str, set[Root]] = {}
        #: When each root began to be watched, in nanoseconds since the epoch.
        self._since: Mapping[Root, int] = {}

    @property
    def fd(self) -> int | None:
        """What to wait for, None where no watch is to be had."""
        return None if self._tree is None else self._tree.fd

    def begin(self, since: Mapping[Root, int]) -> None:
        """Watch these roots; files of theirs that are older than ``since`` and were never seen are not told."""
        self.close()
        self._since = since
        self.selection.look(since)
        self._mounts = Mounts()
        try:
            self._tree = Tree()
        except LimitReached as error:
            for base in self.selection.bases:
                self._limited(error, base.root)
        self.look_at_mounts()
        self.go_everywhere(silent=True)

    def close(self) -> None:
        """Watch nothing."""
        self._pollers.close()
        self._rounds.clear()
        self._limited_roots.clear()
        self._later.clear()
        self._ways.clear()
        if self._tree is not None:
            self._tree.close()
            self._tree = None

    def since(self, path: str) -> int:
        """Since when ``path`` has been watched, in nanoseconds since the epoch."""
        return min((self._since[root] for root, _ in self.selection.addresses(path)), default=0)

    def pin(self, target: Target) -> None:
        """Watch the file itself where the watch of its directory does not tell of it: mounted, or with other links."""
        facts = target.facts
        if self._tree is None or facts is None or target.fd is None:
            return
        if facts.mount_root or facts.nlink > 1 or any(base.path == target.path for base in self.selection.bases):
            try:
                self._tree.watch_file(target.path, target.fd)
            except LimitReached as error:
                for root, _ in self.selection.addresses(target.path):
                    self._limited(error, root)

    # --- what the kernel says, and what a poller finds

    def hear(self) -> None:
        """Mark what the kernel's notices are about."""
        if self._tree is None:
            return
        moved: set[str] = set()
        mounts = False
        for notice in self._tree.read():
            if notice.mask & inotify.OVERFLOW:
                self.look_at_mounts()
                self.go_everywhere(silent=False)
                return
            mounts |= not notice.name and bool(notice.mask & inotify.SELF)
            ended = notice.mask & inotify.IGNORED
            for watched in self._tree.forget(notice.watch) if ended else self._tree.of(notice.watch):
                # The last file before its directory, perhaps: of that itself nothing would be told.
                mounts |= bool(notice.mask & inotify.DELETE) and self._mounts.has(watched.path)
                self._hear(watched, notice, moved)
        for directory in moved:
            self._tree.drop_below(directory)
        for directory in moved:
            self._go_through(directory)
        if mounts:
            self.look_at_mounts()

    def _hear(self, watched: Watched, notice: Notice, moved: set[str]) -> None:
        closed = not notice.mask & inotify.MODIFY
        if not watched.is_directory:
            self._marks.add(watched.path, closed=closed)
            return
        if not notice.name:
            if notice.mask & inotify.AWAY and watched.path in self._ways:
                moved.add(watched.path)
            return
        if watched.names is not None and notice.name not in watched.names:
            return
        path = os.path.join(watched.path, notice.name)
        if notice.mask & inotify.ISDIR:
            if not notice.mask & inotify.ATTRIB:
                moved.add(path)
        elif path in self._ways or any(path == base.root.path and not base.is_here for base in self.selection.bases):
            moved.add(path)
        else:
            self._marks.add(path, closed=closed)

    def found(self, path: str) -> None:
        """A poller has found ``path`` changed; or has, where it is its own, a first picture to compare with."""
        was_single = any(base.path == path and base.is_single for base in self.selection.bases)
        if path in self._pollers and not was_single:  # a file that is gone would be taken for a directory that is
            self._go_through(path)
        else:
            self._marks.add(path)

    def look_at_mounts(self) -> None:
        """Tell what stands otherwise than before, and go through what was mounted or unmounted."""
        bases = self.selection.bases
        for standing in self._mounts.look([base.path for base in bases]):
            point = standing.mount_point
            for base in bases:
                relative = base.relative(point)
                if relative is not None or base.is_within(point):
                    self._listener.stands(base.root, relative or "", standing)
            if standing.state in {State.MOUNTED, State.UNMOUNTED}:
                self._pollers.stop(point)
                self._limited_roots -= {base.root.name for base in bases if base.is_within(point)}
                if self._tree is not None:
                    self._tree.drop_below(point)
                self._go_through(point)

    # --- rounds

    def seconds(self) -> float | None:
        """Until there is something to do without being told; None: there is nothing."""
        if self._rounds and len(self._marks) < _ENOUGH:
            return 0.0
        later = self._later.values()
        return max(0.0, min(later) - time.monotonic()) if later else None

    def go_on(self) -> None:
        """Go on with the rounds for a moment, or until there are enough marks."""
        now = time.monotonic()
        for root in [root for root, due in self._later.items() if due <= now]:
            del self._later[root]
            self._go_through_root(root, silent=False)
        while self._rounds and len(self._marks) < _ENOUGH and time.monotonic() < now + _SLICE:
            try:
                next(self._rounds[0])
            except StopIteration:
                self._rounds.popleft()

    def go_everywhere(self, *, silent: bool) -> None:
        """A round through everything."""
        self._rounds.clear()
        for base in self.selection.bases:
            if self._tree is not None:
                self._tree.drop_below(base.path)  # what is gone meanwhile, too
            self._go_through_root(base.root, silent=silent)

    def _go_through(self, path: str) -> None:
        """A round through ``path``, which is below some roots, or above one."""
        concerned = self._ways.get(path, set()).copy()
        for base in self.selection.bases:
            if base.is_within(path) or base.root in concerned:
                self._go_through_root(base.root, silent=False)
            elif base.relative(path) is not None:
                self._rounds.append(self._round(base.root, path, silent=False))
                self._poll_remote(base.path)

    def _go_through_root(self, root: Root, *, silent: bool) -> None:
        before = next(base.path for base in self.selection.bases if base.root is root)
        base = self.selection.look_again(root)
        if base.path != before:
            self._leave(before)
        is_placed = self._watch_place(root, base.path)
        self._poll_remote(base.path)
        if base.is_single:
            self._marks.add(base.path, silent=silent)
        elif os.path.exists(base.path):
            self._rounds.append(self._round(root, base.path, silent=silent))
        elif not is_placed:
            self._later[root] = time.monotonic() + _MISSING

    def _leave(self, path: str) -> None:
        """A root that was at ``path`` leads elsewhere now; another one may still be there."""
        self._pollers.stop(path)
        if self._tree is not None:
            self._tree.drop_below(path)
        for base in self.selection.bases:
            if is_below(base.path, path) or is_below(path, base.path):
                self._later[base.root] = time.monotonic()

    def _watch_place(self, root: Root, base: str) -> bool:
        """Watch what becomes of the name of a root, and of what it is mounted from; whether that can be watched."""
        if self._tree is None:
            return False
        is_placed = False
        try:
            is_placed = self._watch_way(self._tree, root)
            for point in self._mounts.points():
                if is_below(base, point) and os.path.isdir(point):
                    self._tree.watch_itself(point)
        except LimitReached as error:
            self._limited(error, root)
        return is_placed

    def _watch_way(self, tree: Tree, root: Root) -> bool:
        """Watch where the way to ``root`` may lead elsewhere; whether what becomes of its end can be watched."""
        for roots in self._ways.values():
            roots.discard(root)
        self._ways = {path: roots for path, roots in self._ways.items() if roots}
        is_placed = False
        end = os.path.realpath(root.path)
        for step in way(root.path):
            if step.is_directory and step.path != end:
                tree.watch_itself(step.path)
            else:
                is_placed = tree.watch_name(step.directory, step.name)
            if step.path != end or step.mode is None:
                self._ways.setdefault(step.path, set()).add(root)
            if step.mode is None and os.path.lexists(step.path):  # it has come before it was watched
                self._later[root] = time.monotonic()
        return is_placed

    def _round(self, root: Root, top: str, *, silent: bool) -> Iterator[None]:
        if not os.path.isdir(top):
            self._marks.add(top, silent=silent)
        for directory in directories(top):
            self._watch_directory(root, directory)
            yield
            for name in names_in(directory):
                path = os.path.join(directory, name)
                if self.selection.takes(path):
                    self._marks.add(path, silent=silent)
                yield
        with self._store.apart() as connection:
            for path in revisions.below(connection, top):
                if not (os.path.lexists(path) and self.selection.takes(path)):
                    self.selection.add(path)
                    self._marks.add(path, silent=silent)
                yield

    def _watch_directory(self, root: Root, directory: str) -> None:
        if self._tree is not None and root.name not in self._limited_roots:
            try:
                self._tree.watch_directory(directory)
            except LimitReached as error:
                self._limited(error, root)

    # --- polling

    def _poll_remote(self, base: str) -> None:
        for path in self._mounts.remote(base):
            self._pollers.poll(path)

    def _limited(self, error: LimitReached, root: Root) -> None:
        if root.name in self._limited_roots:
            return
        self._limited_roots.add(root.name)
        self._pollers.poll(os.path.realpath(root.path))
        self._listener.limited(
            root,
            Finding(
                rule="STA003",
                severity="warning",
                message=f"root {root.name!r} is polled: there are no more inotify watches to be had",
                remedy=f"raise the limit on the host: sysctl -w {error}=524288 (and put it into /etc/sysctl.d)",
                evidence=str(error),
            ),
        )
