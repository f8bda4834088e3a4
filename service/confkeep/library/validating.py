"""How strictly a document is checked before it is saved with history: the check needs PyYAML, the library does not."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

from confkeep.documents.check import Validate
from confkeep.errors import BadParameter

ValidateName = Literal["off", "syntax", "strict"]


def validation(name: str | None) -> Validate:
    """What ``name`` asks for; None: the syntax, where that can be checked. Raises BadParameter."""
    able = find_spec("yaml") is not None
    if name is None:
        return Validate.SYNTAX if able else Validate.OFF
    try:
        wanted = Validate(name)
    except ValueError as error:
        raise BadParameter(f"validate={name!r} is not known", remedy="give off, syntax or strict") from error
    if wanted is not Validate.OFF and not able:
        raise BadParameter(
            f"validate={name!r} needs PyYAML, which is not installed", remedy="pip install 'confkeep[service]'"
        )
    return wanted
