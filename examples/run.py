"""`make run`: the daemon over an example Home Assistant configuration in ./var, without superuser or container engine.

Both routes occur in it: automations.yaml is an ordinary file, scenes.yaml has a second hard link, as a file that
something else holds on to.
"""

import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
VAR = TOP / "var"
CONFIG = VAR / "homeassistant"
LONGEST_SOCKET_PATH = 100

NEXT = """\
The daemon starts below, over {config}. In another terminal, as it stands:

# an ordinary file: saved by a rename, the comments kept
(curl -sS --unix-socket {socket} {url}/automations.yaml; date '+# saved %c') |
  curl -sS --unix-socket {socket} {url}/automations.yaml -T - -H 'If-Match: *'

# a file with a second hard link: saved in place, and the other name sees it
(curl -sS --unix-socket {socket} {url}/scenes.yaml; date '+# saved %c') |
  curl -sS --unix-socket {socket} {url}/scenes.yaml -T - -H 'If-Match: *'
tail -n 1 {linked}

# invalid YAML: refused, with line and column
echo 'a: [1' | curl -sS --unix-socket {socket} {url}/scenes.yaml -T - -H 'If-Match: *'

# what the file has been
curl -sS --unix-socket {socket} http://localhost/v1/history/homeassistant/scenes.yaml

Ctrl+C here stops the daemon.
"""


def prepare() -> Path:
    """Copy the example once; the second link of scenes.yaml."""
    if not CONFIG.exists():
        shutil.copytree(TOP / "docker" / "example", CONFIG)
    linked = VAR / "elsewhere" / "scenes.yaml"
    linked.parent.mkdir(exist_ok=True)
    linked.unlink(missing_ok=True)
    linked.hardlink_to(CONFIG / "scenes.yaml")
    return linked


def socket_path() -> Path:
    """In ./var, unless that is too long for a Unix socket (107 bytes)."""
    path = VAR / "confkeep.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.mkdtemp(prefix="confkeep-")) / "confkeep-example.sock"


def main() -> None:
    """Print what to type next, and become the daemon."""
    linked, socket = prepare(), socket_path()
    url = "http://localhost/v1/files/homeassistant"
    print(
        NEXT.format(config=CONFIG, socket=shlex.quote(str(socket)), url=url, linked=shlex.quote(str(linked))),
        flush=True,
    )
    serve = ["-m", "confkeep", "serve", f"--root=homeassistant={CONFIG}", f"--state={VAR / 'state'}"]
    os.execv(sys.executable, [sys.executable, *serve, f"--socket={socket}", *sys.argv[1:]])


if __name__ == "__main__":
    main()
