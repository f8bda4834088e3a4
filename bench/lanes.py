"""The saves that are compared. A lane saves a fresh document at each call, and tells the time of the save alone."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from bench import client, document, floor, process

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from bench.process import Server

Lane = Callable[[], float]

FLOOR: Final = "floor"
TWIN: Final = "its twin"
ANSWER: Final = "an answer, no save"
#: Name of a lane -> the file it saves, and the check it asks for.
SAVES: Final = {
    "replace": ("ordinary.yaml", "off"),
    "replace, checked": ("ordinary-checked.yaml", "syntax"),
    "overwrite": ("linked.yaml", "off"),
    "overwrite, checked": ("linked-checked.yaml", "syntax"),
}


def lanes(
    directory: Path, stack: ExitStack, *, journal: str = "require", settings: str = ""
) -> tuple[Server, dict[str, Lane]]:
    """A daemon over a folder in ``directory``, and all lanes into it; ``stack`` ends them.

    ``settings``: more lines for its root.
    """
    folder = directory / "config"
    folder.mkdir()
    command, socket = process.serve(directory, f'[roots.config]\npath = "{folder}"\njournal = "{journal}"\n{settings}')
    server = stack.enter_context(process.running(command, socket, "/readyz"))
    connection = client.Client(server.socket)
    stack.callback(connection.close)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    stack.callback(os.close, descriptor)
    found: dict[str, Lane] = {FLOOR: _floor(descriptor), TWIN: _floor(descriptor), ANSWER: _answer(connection)}
    for name, (file, validate) in SAVES.items():
        found[name] = _save(connection, folder / file, name.partition(",")[0], validate)
    return server, found


def _floor(directory: int) -> Lane:
    def once() -> float:
        data = document.fresh()
        before = time.perf_counter()
        floor.replace(directory, "floor.yaml", data)
        return time.perf_counter() - before

    return once


def _answer(connection: client.Client) -> Lane:
    request = client.get("/healthz")

    def once() -> float:
        before = time.perf_counter()
        connection.ask(request)
        return time.perf_counter() - before

    return once


def _save(connection: client.Client, file: Path, route: str, validate: str) -> Lane:
    content = document.fresh()
    file.write_bytes(content)
    if route == "overwrite":
        os.link(file, file.with_suffix(".link"))
    etag = sha256(content).hexdigest()
    target = f"/v1/files/config/{file.name}?validate={validate}"

    def once() -> float:
        nonlocal etag
        data = document.fresh()
        request = client.put(target, data, etag)
        before = time.perf_counter()
        status, answer = connection.ask(request)
        taken = time.perf_counter() - before
        saved = json.loads(answer)
        assert status == 200, saved
        assert saved["changed"], saved
        assert saved["route"]["name"] == route, saved
        assert saved["checked"] == (None if validate == "off" else "yaml"), saved
        etag = sha256(data).hexdigest()
        assert saved["etag"] == etag, saved
        return taken

    return once
