"""What the doctor says of one file of ours: in our own container, and wherever else the same file is mounted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from confkeep.layout.doctor import diagnose
from confkeep.layout.model import Scope
from confkeep.layout.mounttable import contains

if TYPE_CHECKING:
    from collections.abc import Collection

    from confkeep.layout.diagnosis import Diagnosis, Report
    from confkeep.layout.here import Here


def diagnose_file(here: Here, path: str, scope: Scope, ignore: Collection[str] = ()) -> Report:
    """As ``diagnose``, of ``path`` as we see it, which is to be saved.

    Containers give the same name to different files, and different names to the same: what others have mounted is
    compared by place and not by path.
    """
    whole = diagnose(here.survey, scope, ignore)
    ours: list[Diagnosis] = []
    if here.ours is not None and scope.container in {"", here.ours.name}:
        own = Scope(here.ours.name, frozenset({path}), scope.state)
        ours = [one for one in diagnose(here.survey, own, ignore).findings if one.container == here.ours.name]
    told = {(one.rule, one.container, one.path) for one in ours}
    concerned = (one for one in whole.findings if any(contains(place, path) for place in here.paths(one)))
    others = [one for one in concerned if (one.rule, one.container, one.path) not in told]
    return replace(whole, findings=(*ours, *others))
