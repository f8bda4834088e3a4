"""An editor that saves one file again and again, and remembers what it sent and what was answered."""

import http.client
import random
import threading

from tests.daemon import client

#: Large enough that a kill often finds a file half written.
SMALLEST, LARGEST = 1 << 18, 1 << 21


class Editor:
    """Saves on a thread of its own, from ``begin`` until the daemon is gone; ``end`` waits for that."""

    def __init__(self, name: str, first: bytes, chance: random.Random) -> None:
        """``first`` is what the file ``name`` holds."""
        self.name = name
        #: What the file may hold: the last answered content, and one that was sent and not answered.
        self.answered = first
        self.sent = first
        #: The revision of each answered save, and its content.
        self.revisions: dict[int, bytes] = {}
        self._chance = chance
        self._trouble: list[str] = []
        self._thread: threading.Thread | None = None

    def begin(self, socket: str) -> None:
        """Save, and save again."""
        self._thread = threading.Thread(target=self._save_on, args=(socket,))
        self._thread.start()

    def end(self) -> None:
        """Wait until the daemon is gone."""
        assert self._thread is not None
        self._thread.join(30)
        assert not self._thread.is_alive()
        assert not self._trouble, self._trouble

    def _save_on(self, socket: str) -> None:
        try:
            with client.connection(socket) as connection:
                while not self._trouble:
                    self._save(connection)
        except (OSError, http.client.HTTPException):
            return  # the daemon is dead

    def _save(self, connection: client.Connection) -> None:
        self.sent = self._chance.randbytes(self._chance.randint(SMALLEST, LARGEST))
        answer = connection.ask("PUT", f"/v1/files/ha/{self.name}", self.sent, {"If-Match": "*"})
        if answer.status != 200 or answer.json["route"]["name"] != "overwrite":
            self._trouble.append(f"{answer}")
            return
        self.answered = self.sent
        self.revisions[answer.json["revision"]] = self.sent
