"""``/v1/roots``: what may be edited, where it is mounted, and whether and how it can be written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from starlette.endpoints import HTTPEndpoint

from confkeep.daemon import service
from confkeep.daemon.answers import MountAnswer, RefusalAnswer, RootAnswer, RootsAnswer
from confkeep.daemon.requests import Parameters
from confkeep.errors import ConfkeepError, IoError, NotFound, Refused
from confkeep.files import mounts

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from confkeep.files.root import Root
    from confkeep.keeper import Keeper
    from confkeep.saved import Verdict

#: A file that nobody has: what would become of it says what becomes of any new file.
_NEW: Final = "confkeep would make this file.new"


class RootsEndpoint(HTTPEndpoint):
    """GET only."""

    async def get(self, request: Request) -> Response:
        """Every root, looked at now."""
        Parameters(request)
        daemon = service.of(request)

        def look() -> RootsAnswer:
            return RootsAnswer([_look(daemon.keeper, root) for _, root in sorted(daemon.roots.items())])

        return service.answer(await daemon.run(look))


def _look(keeper: Keeper, root: Root) -> RootAnswer:
    single = root.is_single_file()
    verdict: Verdict | None = None
    refusal: RefusalAnswer | None = None
    try:
        verdict = keeper.verdict(root, os.path.basename(root.path) if single else _NEW)
        refusal = None if verdict.refusal is None else RefusalAnswer.of(verdict.refusal)
    except ConfkeepError as error:
        refusal = _why(error)
    except OSError as error:  # ENOTCONN, ESTALE: its server is gone, and the other roots are there as ever
        refusal = RefusalAnswer.of(
            IoError(f"{root.path} cannot be looked at: {error.strerror}", remedy="mount it again; see dmesg")
        )
    return RootAnswer(
        name=root.name,
        path=root.path,
        kind=_kind(root, single=single),
        mount=_mount(root.path),
        on_busy=root.on_busy.value,
        journal=root.journal.value,
        writable=refusal is None,
        route=None if verdict is None else verdict.route,
        refusal=refusal,
        findings=() if verdict is None else verdict.findings,
    )


def _why(error: ConfkeepError) -> RefusalAnswer:
    if isinstance(error, Refused | NotFound):
        return RefusalAnswer.of(error)
    raise error


def _kind(root: Root, *, single: bool) -> str:
    return "file" if single else "directory" if os.path.isdir(root.path) else "missing"


def _mount(path: str) -> MountAnswer | None:
    try:
        found = mounts.mount_of(path)
    except OSError:
        return None
    if found is None:
        return None
    return MountAnswer(found.mount_point, found.fs_type, found.source, found.read_only)
