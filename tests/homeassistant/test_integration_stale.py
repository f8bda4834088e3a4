"""A file that was mounted on its own and replaced on the host: Home Assistant's container holds on to the old one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.daemon.fixtures import serve
from tests.homeassistant.documents import AUTOMATIONS
from tests.homeassistant.service import FILES, bind_files, message

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.homeassistant.fixtures import Start
    from tests.support.mounting import Mounts

__all__ = ["serve"]


def test_a_replaced_file(start: Start, serve: Serve, config: Path, mounts: Mounts) -> None:
    """The page is told that Home Assistant does not see what is on the host; the host's edit is not lost."""
    host = bind_files(config, mounts)
    daemon = serve("--root", f"config={host}")
    files = {name: f"config/{name}" for name in FILES}
    home = start(config, confkeep={"socket": daemon.socket, "files": files})
    entry = home.owner.get("automation", "garden").body
    (host / "new").write_text(AUTOMATIONS.replace("delay: 5", "delay: 50"))
    os.replace(host / "new", host / "automations.yaml")
    assert (config / "automations.yaml").read_text() == AUTOMATIONS
    answer = home.owner.post("automation", "garden", entry | {"alias": "Lawn"})
    assert answer.status == 500
    assert "Home Assistant does not see it" in message(answer.body)
    assert "Restart the container" in message(answer.body)
    assert "delay: 50   # five" in (host / "automations.yaml").read_text()
    assert "alias: 'Lawn'   # single quotes" in (host / "automations.yaml").read_text()
    for _ in range(2):
        again = home.owner.post("automation", "garden", entry | {"alias": "Meadow"})
        assert again.status == 500
        assert "Home Assistant does not see it" in message(again.body)
    home.stop()
    mounts.unmount(config / "automations.yaml")
    mounts.bind(host / "automations.yaml", config / "automations.yaml")
    home.start()
    entry = home.owner.get("automation", "garden").body
    assert home.owner.post("automation", "garden", entry | {"alias": "Meadow"}).status == 200
