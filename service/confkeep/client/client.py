"""The client: one method for each thing that can be asked of the daemon."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Self

from confkeep.client.addressing import file_url, query_of, root_url
from confkeep.client.document import Document
from confkeep.client.expecting import expectation, precondition
from confkeep.client.options import Options, Proposed
from confkeep.client.problems import not_confkeep
from confkeep.client.transport import Request, Transport, socket_path
from confkeep.errors import Conflict, Forbidden, NotFound, Refused
from confkeep.expect import ABSENT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from types import TracebackType

    from confkeep.client.asking import Patch, Version
    from confkeep.client.changes import Change
    from confkeep.client.comparison import Differences, Merged, Validation
    from confkeep.client.conflicts import OnConflict
    from confkeep.client.content import Content
    from confkeep.client.entry import Entry
    from confkeep.client.events import Events, OnConnection
    from confkeep.client.expecting import Expected
    from confkeep.client.opened import Opened
    from confkeep.client.options import Keep, OnBusy, Validate
    from confkeep.client.revision import Revision
    from confkeep.client.saved import Saved
    from confkeep.client.service import RootInfo, Service
    from confkeep.client.stat import Stat
    from confkeep.client.transport import Answer
    from confkeep.client.verdict import Verdict

#: Where a daemon listens unless told otherwise.
DEFAULT_HOST: Final = "unix:///run/confkeep/confkeep.sock"
#: Seconds for each step of a request; a save waits for its turn, a lease and a flush.
_TIMEOUT: Final = 120.0
_MOST_DIGITS: Final = 19  # of a 64-bit number


class Client:
    """Asks one daemon. Any number of threads may share it, and a forked child may go on with it.

    Every method raises NoDaemon where nobody answers, or no confkeep does, and otherwise the errors of
    ``confkeep.errors`` that the daemon's problems stand for. A request whose answer was lost is sent once more only
    where that cannot do anything twice: a read, or a save that says which content it replaces.
    """

    def __init__(self, host: str | None = None, *, timeout: float = _TIMEOUT) -> None:
        """``host``: ``unix:///PATH``; None: CONFKEEP_HOST or the default. Connects with the first request."""
        self.host = host or os.environ.get("CONFKEEP_HOST") or DEFAULT_HOST
        self._transport = Transport(socket_path(self.host), timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that nobody uses just now; a later request opens one again."""
        self._transport.close()

    # One file

    def open(self, root: str, path: str) -> Opened:
        """The file with the verdict of a save, for an editor. One that is not there opens too.

        Raises NoRoot, BadPath, NotARegularFile, and what else keeps it from being read.
        """
        from confkeep.client.opened import Opened

        content: Content | None = None
        try:
            content = self.read(root, path)
            verdict = self.stat(root, path).verdict
        except NotFound:
            content, verdict = None, self._verdict_of_new(root, path)
        return Opened(self._save, self.content, root, path, content=content, verdict=verdict)

    def read(self, root: str, path: str) -> Content:
        """The bytes and their etag. Raises NotFound, NotARegularFile, NoPermission, FileTooLarge."""
        return self._content(root, path, file_url("files", root, path))

    def stat(self, root: str, path: str) -> Stat:
        """What is there, and the verdict of a save. Raises NotFound."""
        from confkeep.client.stat import Stat

        return Stat.of(self._get(file_url("stat", root, path)))

    def save(
        self,
        root: str,
        path: str,
        data: bytes,
        *,
        expect: Expected,
        on_conflict: OnConflict | None = None,
        validate: Validate | None = None,
        on_busy: OnBusy | None = None,
        message: str = "",
        dry_run: bool = False,
        keep: Keep | None = None,
    ) -> Saved:
        """Make ``data`` the whole content of the file, which holds what ``expect`` says: an etag, ABSENT, ANYTHING.

        ``on_conflict`` is asked where it does not, and what it returns is saved over that (``Edits``). Raises Conflict
        without it; InvalidDocument, Refused and its kinds, BodyTooLarge, OutOfSpace, IoError, ShuttingDown.
        ``keep="comments"``: ``data`` is a program's dump; the text that is there is changed to say the same.
        """
        proposed = Proposed(root, path, data, expectation(expect))
        return self._save(proposed, Options(validate, on_busy, message, dry_run, keep), on_conflict)[0]

    def patch(
        self,
        root: str,
        path: str,
        patch: Patch,
        *,
        expect: Expected,
        validate: Validate | None = None,
        on_busy: OnBusy | None = None,
        message: str = "",
        dry_run: bool = False,
    ) -> Saved:
        """Change something of the document in the file, every other byte kept.

        ``patch``: a list of operations (RFC 6902), or a dict to be merged (RFC 7396). Raises BadPatch, NotFound,
        PointerNotFound, PatchTestFailed, NotRepresentable, and as ``save``.
        """
        from confkeep.client.asking import patch_of
        from confkeep.client.saved import Saved

        wanted = expectation(expect)
        target = file_url("files", root, path, Options(validate, on_busy, message, dry_run).query)
        body, headers = patch_of(patch)
        # As for a save: done twice it finds its own result, or that the file has changed since.
        request = Request("PATCH", target, body, {**headers, **precondition(wanted)}, repeatable=bool(wanted.etags))
        return Saved.of(Document.parse(self._transport.ask(request).body))

    def remove(self, root: str, path: str, *, expect: Expected, message: str = "", dry_run: bool = False) -> int | None:
        """Remove the file, which holds what ``expect`` says; the revision that records it (None of a dry run).

        Raises NotFound, Conflict, Refused and its kinds (MountedFile), IoError, ShuttingDown.
        """
        target = file_url("files", root, path, Options(message=message, dry_run=dry_run).query)
        answer = self._transport.ask(Request("DELETE", target, None, precondition(expectation(expect))))
        return None if dry_run else _revision(answer)

    # Several files

    def transaction(self, changes: Sequence[Change], *, message: str = "", dry_run: bool = False) -> tuple[Saved, ...]:
        """Save and remove files: all of them, or none. In the order of ``changes`` (confkeep.client.changes.Change).

        Raises Conflict, whose member ``failed`` has an item for each file that is not what was expected, and all
        that ``save`` raises.
        """
        from confkeep.client.changes import body
        from confkeep.client.saved import Saved

        target = "/v1/transactions" + query_of(Options(message=message, dry_run=dry_run).query)
        headers = {"Content-Type": "application/json"}
        answer = self._transport.ask(Request("POST", target, body(changes), headers))
        return tuple(map(Saved.of, Document.parse(answer.body).several("changes")))

    def list(self, root: str, prefix: str = "") -> Iterator[Entry]:
        """The files of a root whose path begins with ``prefix``, in pages, as they are asked for."""
        from confkeep.client.entry import Entry

        after: str | None = ""
        while after is not None:
            page = self._get(root_url("files", root, query={"prefix": prefix, "after": after}))
            yield from (Entry.of(found, page) for found in page.several("entries"))
            after = page.maybe_text("next")

    # Documents

    def validate(
        self, data: bytes, *, name: str = "", root: str = "", format_: str = "", dialect: str = ""
    ) -> Validation:
        """What is wrong with ``data``, and what is noteworthy about it. Raises BadParameter, NoRoot, BodyTooLarge.

        ``name`` announces what it is (with ``root``, by that root's settings), unless ``format_`` or ``dialect`` do.
        """
        from confkeep.client.comparison import Validation

        query = query_of({"name": name, "root": root, "format": format_, "dialect": dialect})
        request = Request("POST", f"/v1/validate{query}", data, repeatable=True)
        return Validation.of(Document.parse(self._transport.ask(request).body))

    def diff(
        self,
        root: str,
        path: str,
        *,
        from_: Version | None = None,
        to: Version | None = None,
        proposed: bytes | None = None,
    ) -> bytes:
        """What is different, line by line, as patch(1) takes it; empty where nothing is.

        ``from_`` and ``to``: a revision's number, an etag that the history knows, or ``"disk"``. Without them from the
        content before to what is in the file; with ``proposed`` from what is in the file to that. Raises NotFound,
        Pruned, Forbidden (a secret), BodyTooLarge, BadParameter.
        """
        from confkeep.client.asking import diff_of

        answer = self._transport.ask(diff_of(root, path, from_=from_, to=to, proposed=proposed, format_="unified"))
        if answer.headers.get_content_type() != "text/x-diff":
            raise not_confkeep(answer.status, answer.body)
        return answer.body

    def differences(
        self,
        root: str,
        path: str,
        *,
        from_: Version | None = None,
        to: Version | None = None,
        proposed: bytes | None = None,
    ) -> Differences:
        """The same as data: which paths of the document changed, from what to what. Raises as ``diff``."""
        from confkeep.client.asking import diff_of
        from confkeep.client.comparison import Differences

        request = diff_of(root, path, from_=from_, to=to, proposed=proposed, format_="json")
        return Differences.of(Document.parse(self._transport.ask(request).body))

    def merge(self, root: str, path: str, mine: bytes, *, base: Version, keep: bool = False) -> Merged:
        """``mine``, an edit of ``base`` (an etag, or a revision's number), merged with what is in the file.

        ``keep``: it is a program's dump; it gets the comments and the layout of ``base`` before. Nothing is written:
        save ``data`` expecting ``etag``. Raises MergeConflict (its member ``text`` has both sides,
        marked), NotFound (the file, or that base), Pruned, NoContent, BodyTooLarge.
        """
        from confkeep.client.comparison import Merged

        target = file_url("merge", root, path, {"base": str(base)} | ({"keep": "comments"} if keep else {}))
        answer = self._transport.ask(Request("POST", target, mine, repeatable=True))
        etag, how = (answer.headers.get("ETag") or "").strip('"'), answer.headers.get("Merged-By")
        if not (etag and how):
            raise not_confkeep(answer.status, answer.body)
        return Merged(answer.body, etag, how)

    # What files have been

    def history(self, root: str, path: str, *, before: int | None = None) -> Iterator[Revision]:
        """The revisions of a file, newest first (those ``before`` one), in pages, as they are asked for.

        There are none where nothing was recorded.
        """
        from confkeep.client.revision import Revision

        older: int | None = before or 0
        while older is not None:
            page = self._get(file_url("history", root, path, {"before": str(older or "")}))
            yield from (Revision.of(found, page) for found in page.several("revisions"))
            older = page.maybe_number("next")

    def revision(self, number: int) -> Revision:
        """One revision. Raises NotFound, Pruned."""
        from confkeep.client.revision import Revision

        return Revision.of(self._get(f"/v1/revisions/{number:d}"))

    def content(self, number: int) -> Content:
        """The bytes of one revision. Raises NotFound, Pruned, NoContent for a removal."""
        found = self.revision(number)
        return self._content(found.root, found.path, f"/v1/revisions/{number:d}/content")

    def restore(
        self,
        number: int,
        *,
        expect: Expected,
        validate: Validate | None = None,
        on_busy: OnBusy | None = None,
        message: str = "",
        dry_run: bool = False,
    ) -> Saved:
        """Save the content of a revision to its file again, which holds what ``expect`` says. Raises as ``save``."""
        from confkeep.client.saved import Saved

        query = query_of(Options(validate, on_busy, message, dry_run).query)
        request = Request("POST", f"/v1/revisions/{number:d}/restore{query}", None, precondition(expectation(expect)))
        return Saved.of(Document.parse(self._transport.ask(request).body))

    # The daemon

    def roots(self) -> tuple[RootInfo, ...]:
        """What may be edited, and whether and how it can be written, looked at now."""
        from confkeep.client.service import RootInfo

        return tuple(map(RootInfo.of, self._get("/v1/roots").several("roots")))

    def service(self) -> Service:
        """What the daemon is and can do."""
        from confkeep.client.service import Service

        return Service.of(self._get("/v1"))

    def events(
        self,
        *,
        root: str = "",
        prefix: str = "",
        types: Collection[str] = (),
        last: str = "",
        patience: float | None = None,
        on_connection: OnConnection | None = None,
    ) -> Events:
        """What happens to the files from now on, or since the event ``last``: see ``confkeep.client.events.Events``."""
        from confkeep.client.events import Events

        query = query_of({"root": root, "prefix": prefix, "types": ",".join(types)})
        return Events(self._transport.path, f"/v1/events{query}", last, patience, on_connection)

    def _save(self, proposed: Proposed, options: Options, on_conflict: OnConflict | None) -> tuple[Saved, bytes]:
        """The result, and the bytes that are in the file now: those that ``on_conflict`` made, where it was asked."""
        from confkeep.client.saved import Saved

        target = file_url("files", proposed.root, proposed.path, options.query)

        def save(proposed: Proposed) -> Saved:
            # Asked twice it is answered the same: the bytes are there already (RFC 9110, 13.1.1). Of a new file that
            # does not hold (13.1.2), and who overwrites anything would overwrite what came in between.
            repeatable = bool(proposed.expect.etags)
            request = Request("PUT", target, proposed.data, precondition(proposed.expect), repeatable)
            return Saved.of(Document.parse(self._transport.ask(request).body))

        if on_conflict is None:
            return save(proposed), proposed.data
        from confkeep.client.conflicts import reconcile

        return reconcile(self, proposed, save, on_conflict)

    def _get(self, target: str) -> Document:
        return Document.parse(self._transport.ask(Request("GET", target, repeatable=True)).body)

    def _content(self, root: str, path: str, target: str) -> Content:
        from confkeep.client.content import Content

        answer = self._transport.ask(Request("GET", target, repeatable=True))
        etag = (answer.headers.get("ETag") or "").strip('"')
        if not etag:
            raise not_confkeep(answer.status, answer.body)
        return Content(root, path, answer.body, etag, _revision(answer))

    def _verdict_of_new(self, root: str, path: str) -> Verdict:
        from confkeep.client.verdict import Refusal, Verdict

        try:
            saved = self.save(root, path, b"", expect=ABSENT, validate="off", dry_run=True)
        except Conflict:
            return self.stat(root, path).verdict  # somebody has made it meanwhile
        except (Refused, NotFound, Forbidden) as error:
            return Verdict(writable=False, route=None, guarantees=None, refusal=Refusal.by(error), findings=())
        return Verdict(
            writable=True, route=saved.route, guarantees=saved.guarantees, refusal=None, findings=saved.findings
        )


def _revision(answer: Answer) -> int | None:
    number = answer.headers.get("Revision") or ""
    return int(number) if number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS else None
