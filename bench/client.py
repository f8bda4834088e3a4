"""The least HTTP/1.1 client that keeps its connection, so that what is measured is the daemon."""

from __future__ import annotations

import socket


class Client:
    """One connection to the daemon."""

    def __init__(self, path: str) -> None:
        """Connect."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(60)
        self._socket.connect(path)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a whole request; status and body of the answer."""
        self._socket.sendall(request)
        answer = self._socket.recv(1 << 16)
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._more()
        head = answer[:end].lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(answer) < end + 4 + length:
            answer += self._more()
        return int(head[9:12]), answer[end + 4 :]

    def _more(self) -> bytes:
        piece = self._socket.recv(1 << 16)
        if not piece:
            raise ConnectionError("the daemon closed the connection in the middle of an answer")
        return piece


def get(target: str) -> bytes:
    """A GET request."""
    return f"GET {target} HTTP/1.1\r\nHost: confkeep\r\n\r\n".encode("ascii")


def put(target: str, data: bytes, etag: str) -> bytes:
    """A PUT request of ``data`` over the content with ``etag``."""
    head = f'PUT {target} HTTP/1.1\r\nHost: confkeep\r\nIf-Match: "{etag}"\r\nContent-Length: {len(data)}\r\n\r\n'
    return head.encode("ascii") + data
