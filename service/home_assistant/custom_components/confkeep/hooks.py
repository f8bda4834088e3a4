"""Where Home Assistant's own editor is hooked: two private names of its component ``config``.

They are the same in 2024.3 and 2026.2. Each is looked at before it is wrapped; one that is gone or takes other
arguments is left alone, and Home Assistant saves as ever.
"""

from __future__ import annotations

import copy
import importlib
import inspect
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import http

from . import refusals, sentences
from .const import LOGGER
from .edit import Edit, content_of, etag_of
from .entries import entry_of, misshapen
from .sameness import digest_of
from .seen import Shown
from .yaml_text import has_tags

if TYPE_CHECKING:
    from collections.abc import Callable

    from homeassistant.core import HomeAssistant

    from .saving import Saving

#: ``view`` since 2024.4.
_MODULES: Final = ("homeassistant.components.config.view", "homeassistant.components.config")
_ATTEMPTS: Final = 5


def module() -> Any | None:
    """The module of Home Assistant that saves; to be imported on a worker thread. None: it is not as it was."""
    for name in _MODULES:
        try:
            found = importlib.import_module(name)
        except ImportError:
            continue
        if hasattr(found, "_write") and hasattr(found, "BaseEditConfigView"):
            return found
    return None


def fits(function: object, *parameters: str, coroutine: bool) -> bool:
    """Whether it takes just these arguments."""
    if not inspect.isfunction(function) or inspect.iscoroutinefunction(function) is not coroutine:
        return False
    return tuple(inspect.signature(function).parameters) == parameters


class Hooks:
    """Between Home Assistant's editor and ``saving``. ``missing`` names what could not be wrapped."""

    def __init__(self, config: Any, saving: Callable[[Callable[[str, Any], None]], Saving]) -> None:
        self.missing: list[str] = []
        #: By path, with the data that was given out for it.
        self._edits: dict[str, tuple[Any, Edit]] = {}
        own: Any = getattr(config, "_write", None)
        if not fits(own, "path", "data", coroutine=False):
            self.missing.append("_write(path, data)")
            return
        self._own: Callable[[str, Any], None] = own
        self._saving = saving(own)
        config._write = self._write  # noqa: SLF001 - this is what the module is about
        view = config.BaseEditConfigView
        original: Any = getattr(view, "read_config", None)
        if not fits(original, "self", "hass", coroutine=True):
            self.missing.append("BaseEditConfigView.read_config(hass)")
            return
        hooks = self

        async def read_config(self: Any, hass: HomeAssistant) -> Any:
            try:
                return await hooks._read(self, hass, original)
            except (web.HTTPException, HomeAssistantError):
                raise
            except Exception:  # noqa: BLE001 - a version in which something else is missing
                LOGGER.exception("confkeep's integration does not know who has seen what")
                return await original(self, hass)

        view.read_config = read_config

    def _write(self, path: str, data: Any) -> None:
        """In place of Home Assistant's, on a worker thread."""
        held, edit = self._edits.pop(path, (None, None))
        if held and held is not data:  # that request has ended otherwise
            edit = None
        try:
            self._saving.save(path, data, edit)
        except (web.HTTPException, HomeAssistantError):
            raise
        except Exception:  # noqa: BLE001 - whatever is wrong with us, the person's save counts more
            LOGGER.exception("%s: confkeep's integration failed; Home Assistant saves by itself", path)
            if edit is not None and content_of(path) != edit.text:
                raise refusals.not_saved(sentences.CHANGES.format(path=path)) from None
            self._own(path, data)

    async def _read(self, view: Any, hass: HomeAssistant, original: Callable[..., Any]) -> Any:
        """In place of Home Assistant's: the same data, and it is remembered who has seen what."""
        request = http.current_request.get()
        key = None if request is None else request.match_info.get("config_key")
        if request is None or key is None:
            return await original(view, hass)
        path = hass.config.path(view.path)
        text, data = await _consistent(view, hass, original, path)
        if text and (reason := misshapen(data, view._empty_config())):  # noqa: SLF001 - else a bare 500
            raise refusals.failed(sentences.UNREADABLE.format(path=path, error=reason))
        client, by = _who(request)
        entry = copy.deepcopy(entry_of(data, key))
        if request.method == "GET":
            self._saving.seen.remember(client, path, key, Shown(digest_of(entry), etag_of(text)))
        else:
            before = None
            if text is not None and has_tags(text):
                before = await hass.async_add_executor_job(copy.deepcopy, data)
            self._edits[path] = data, Edit(client, by, key, text, entry, before)
        return data


async def _consistent(
    view: Any, hass: HomeAssistant, original: Callable[..., Any], path: str
) -> tuple[bytes | None, Any]:
    """The bytes of the file, and the data that Home Assistant has read of just these."""
    for _ in range(_ATTEMPTS):
        try:
            text = await hass.async_add_executor_job(content_of, path)
            data = await original(view, hass)
            if text == await hass.async_add_executor_job(content_of, path):
                return text, data
        except (HomeAssistantError, OSError) as error:  # a syntax error, an unknown tag: else a bare 500
            raise refusals.failed(sentences.UNREADABLE.format(path=path, error=error)) from error
    raise refusals.not_saved(sentences.CHANGES.format(path=path))


def _who(request: web.Request) -> tuple[str, str]:
    """The login, and the person's name."""
    user = request.get("hass_user")
    login = request.get("hass_refresh_token_id") or getattr(user, "id", "")
    return str(login), str(getattr(user, "name", None) or "somebody")
