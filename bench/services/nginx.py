"""WebDAV's PUT through nginx (``ngx_http_dav_module``): one worker, which runs as the owner of the files.

Its temporary files lie on the filesystem of the target, so that it renames; elsewhere it would copy, and tear.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bench import process
from bench.services.connection import Http
from bench.services.peer import Peer, Running, served

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_MISSING: Final = "not installed: apt-get install nginx-light"
_SETTINGS: Final = """
daemon off;
worker_processes 1;
{user}
pid {base}/pid;
error_log stderr error;
events {{}}
http {{
  access_log off;
  keepalive_requests 1000000;
  client_max_body_size 8m;
  client_body_buffer_size 2m;
  client_body_temp_path {base}/body;
  proxy_temp_path {base}/other;
  fastcgi_temp_path {base}/other;
  uwsgi_temp_path {base}/other;
  scgi_temp_path {base}/other;
  server {{
    listen unix:{base}/s;
    location = /healthz {{ return 200 "ok\\n"; }}
    location /files/ {{ alias {base}/config/; dav_methods PUT; }}
  }}
}}
"""


class _Dav(Http):
    prefix = "/files/"


@contextmanager
def _running(base: Path) -> Generator[Running]:
    folder = base / "config"
    user = f"user {pwd.getpwuid(folder.stat().st_uid).pw_name};" if os.geteuid() == 0 else ""
    (base / "nginx.conf").write_text(_SETTINGS.format(base=base, user=user), "utf-8")
    command = [_program() or "nginx", "-p", f"{base}/", "-c", "nginx.conf", "-e", "stderr"]
    with process.running(command, base / "s", "/healthz") as server:
        yield served(server, folder, _Dav)
    (base / "s").unlink(missing_ok=True)


def _program() -> str | None:
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")


def _built() -> str:
    """Version and options."""
    program = _program()
    return "" if program is None else subprocess.run([program, "-V"], capture_output=True, check=True, text=True).stderr


def peer() -> Peer:
    """As Debian builds it."""
    built = _built()
    version = built.partition("\n")[0].rpartition("/")[2]
    missing = None if "http_dav_module" in built else _MISSING
    return Peer("nginx, WebDAV PUT", frozenset(), _running, version, missing)
