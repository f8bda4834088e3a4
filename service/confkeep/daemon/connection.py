"""One connection: what it may send, how much at once and how slowly. uvicorn limits neither a head nor its time."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final, cast

from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from confkeep.daemon.strict import BadRequest, Head, HeadersTooLarge, RequestTimeout, check
from confkeep.errors import ConfkeepError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from httptools import HttpRequestParser
    from uvicorn.config import Config
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
    from uvicorn.server import ServerState

    from confkeep.daemon.settings import Settings

#: Seconds for a whole head, for each further piece of a body, and for reading any more of an answer; uvicorn itself
#: hangs up 5 s after an answer.
PATIENCE: Final = 30.0
#: Bytes of a body that make such a piece: who sends less in that time only holds the connection.
PIECE: Final = 32 << 10
#: What a request line has besides method and target ("  HTTP/1.1" and the line's end), and a header besides its two.
_LINE: Final = 12
_HEADER: Final = 4


class _Phase(Enum):
    """Where in a request the next byte belongs."""

    BETWEEN = auto()
    HEAD = auto()
    BODY = auto()


class StrictProtocol(HttpToolsProtocol):
    """uvicorn's protocol, made for strangers. A refusal is an answer of the application, in its turn; then we hang up.

    A whole request needs no timer; an unfinished one, or none at all, has one, so that nobody wakes up for nobody.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        settings: Callable[[], Settings],
    ) -> None:
        """One connection, under the limits that ``settings`` says now."""
        super().__init__(config, server_state, app_state, _loop)
        limits = settings()
        self._most_headers, self._most_bytes = limits.max_headers, limits.max_header_bytes
        self._phase = _Phase.BETWEEN
        self._refused = False
        self._timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None
        self._piece = 0  # bytes of a body since the timer was set
        self._held = 0  # bytes since the last that got a request any further: of one header, one chunk's extension …
        self._advanced = False
        self.headers = []

    @property
    def _reader(self) -> HttpRequestParser:
        parser: HttpRequestParser = cast("Any", self.parser)  # None only once the connection is lost
        return parser

    @property
    def _newest(self) -> RequestResponseCycle | None:
        return self.cycle  # uvicorn's own type leaves the None out

    # What happens to the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Who says nothing is too slow as well."""
        super().connection_made(cast("asyncio.Transport", transport))
        self.transport.set_write_buffer_limits(high=0)  # so writing is paused as long as anything is left to be read
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave no timer behind."""
        self._rest()
        self._rest_unread()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, as long as it makes something of it."""
        if self._refused:  # a request under way may still have reading resumed
            return
        self._unset_keepalive_if_required()
        self._advanced = False
        try:
            self._reader.feed_data(data)
        except HttpParserError as error:
            cause = error.__context__  # what one of the methods below raised
            self._refuse(cause if isinstance(cause, ConfkeepError) else _no_http(error))
            return
        self._held = 0 if self._advanced else self._held + len(data)
        if self._held > self._most_bytes or len(self.headers) > self._most_headers:
            self._refuse(self._too_large())
        elif self._timer is None and (self._phase is not _Phase.BETWEEN or self._idle):
            self._watch()

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn's: None
        """Who has said all (shutdown(2), SHUT_WR) still gets the answer.

        But where one has begun it ends here: whoever listens to a stream of events has left.
        """
        cycle = self._newest
        if self._phase is not _Phase.BETWEEN or cycle is None or cycle.response_started:
            return False
        cycle.keep_alive = False
        return True

    # What the parser finds

    def on_message_begin(self) -> None:
        """Start counting, and the clock anew: however long the connection had nothing to say, a head has its time."""
        self._rest()
        self._phase, self._advanced = _Phase.HEAD, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Look at the head before anybody else does. Raises what it is refused for."""
        self._rest()
        self._advanced = True
        if self._reader.should_upgrade():  # the parser would hand over no body: an empty file would be saved
            raise BadRequest("no other protocol is spoken here", remedy="leave Upgrade out, and do not CONNECT")
        if len(self.headers) > self._most_headers or self._size() > self._most_bytes:
            raise self._too_large()
        check(Head(self.url, self._reader.get_http_version(), self.headers))
        super().on_headers_complete()
        self._phase = _Phase.BODY
        self.headers = []  # a trailer is no header (RFC 9110, 6.5.1): the application never sees it

    def on_body(self, body: bytes) -> None:
        """A body goes on as long as it comes in pieces."""
        self._advanced = True
        self._piece += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Now it is our turn."""
        self._rest()
        self._phase = _Phase.BETWEEN
        super().on_message_complete()

    # Time

    @property
    def _idle(self) -> bool:
        cycle = self._newest
        return cycle is None or cycle.response_complete

    def _watch(self) -> None:
        self._piece = 0
        self._timer = self.loop.call_later(PATIENCE, self._look)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._phase is _Phase.BETWEEN:
            self.transport.close()
        elif self.flow.read_paused or self._piece >= PIECE:  # paused: it waits for us, not we for it
            self._watch()
        else:
            self._refuse(
                RequestTimeout(
                    f"the request was not finished within {PATIENCE:.0f} s, or its body came too slowly",
                    remedy=f"send the head at once and the body with {PIECE >> 10} KB in each {PATIENCE:.0f} s",
                )
            )

    # Answers that nobody reads

    def pause_writing(self) -> None:
        """Bytes are left that the kernel does not take (also of a connection that is being closed): somebody must read.

        Progress shows once three quarters of the socket's buffer are read (Linux: unix_writable), some 160 KB.
        """
        super().pause_writing()
        self._watch_unread()

    def resume_writing(self) -> None:
        """The kernel has them all."""
        self._rest_unread()
        super().resume_writing()

    def _watch_unread(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._unread_timer = self.loop.call_later(PATIENCE, self._look_unread, left)

    def _rest_unread(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _look_unread(self, before: int) -> None:
        self._unread_timer = None
        if self.transport.get_write_buffer_size() < before:
            self._watch_unread()
        else:
            self.transport.abort()

    # Refusals

    def _size(self) -> int:
        lines = sum(len(name) + len(value) + _HEADER for name, value in self.headers)
        return len(self._reader.get_method()) + len(self.url) + _LINE + lines

    def _too_large(self) -> HeadersTooLarge:
        return HeadersTooLarge(
            f"a request may have {self._most_headers} headers and {self._most_bytes} bytes of them and its first line",
            remedy="send fewer; or raise max_headers or max_header_bytes in the settings",
            max_headers=self._most_headers,
            max_header_bytes=self._most_bytes,
        )

    def _refuse(self, error: ConfkeepError) -> None:
        """Let the application answer ``error`` in the place of the request that is being read; hear no more."""
        self._rest()
        self._refused = True
        if self._phase is _Phase.BODY and not self._withdraw():
            self.transport.close()
            return
        begun = self._phase is _Phase.HEAD and bool(self.url)  # before its target, the parser knows no method
        method, target = (self._reader.get_method().decode("ascii"), self.url) if begun else ("-", b"-")
        self.app_state = {**self.app_state, "refusal": error}
        super().on_message_begin()
        self.url = b"/"
        super().on_headers_complete()
        self._phase = _Phase.BETWEEN
        self.scope["method"], self.scope["raw_path"] = method, target
        self.cycle.keep_alive = self.cycle.more_body = False
        self.flow.pause_reading()

    def _withdraw(self) -> bool:
        """Take back the request whose body is being read; whether it can still be answered otherwise."""
        if self.cycle.response_started:
            return False
        if self.pipeline and self.pipeline[0][0] is self.cycle:  # the newest is on the left
            self.pipeline.popleft()
        else:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self.cycle = None  # type: ignore[assignment]  # uvicorn's own word for "none yet"
        return True


def _no_http(error: HttpParserError) -> BadRequest:
    return BadRequest(
        f"this is no HTTP/1.1 request: {error}", remedy="send HTTP/1.1; percent-encode what is not ASCII in the path"
    )
