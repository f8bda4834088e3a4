from __future__ import annotations

from dataclasses import replace

from confkeep.layout.table import lines
from tests.layout.sample import BLIND, EMPTY, OVERLAY, PATCH, REPORT, SINGLE, STALE

EXPECTED = f"""\
error: MNT002 stale-file-mount
  where   app:/config/b.yaml
  what    the host has replaced /srv/app/b.yaml
  seen    663 262 0:206 / / ro,relatime - overlay overlay
          {OVERLAY.split()[-1][:67]}...
  remedy  docker restart app

warning: MNT001 single-file-bind
  where   app:/config/a.yaml
  host    /srv/app/a.yaml
  what    /config/a.yaml is mounted as a single file: programs that save by
          renaming cannot save it
  seen    641 623 254:0 /srv/app/a.yaml /config/a.yaml rw,relatime - ext4
          /dev/vda rw
  remedy  mount the directory: ./conf:/config instead of
          ./conf/a.yaml:/config/a.yaml, so that both sides see it
  file    compose.yaml:5

note: MNT009 readonly-mount
  where   /etc/x
  what    read-only
  remedy  drop :ro

1 error, 1 warning, 1 note

not looked at:
  MNT013, MNT014: permission denied on /run/docker.sock
  MNT019 for app: uid 1000 may not look into it
  MNT019, MNT021 for db: uid 1000 may not look into it
  all rules for db: ${{X}}:/data: the variable X is not set (compose.yaml:9)

sources:
  self    ok
  api     permission denied on /run/docker.sock

patch for MNT001 app:/config/a.yaml (nothing was changed; `patch -p0` applies it):
{PATCH}"""


def test_everything_is_said() -> None:
    """Findings, worst first, with all that they say; the count; what was skipped; the sources; the patch."""
    assert "\n".join(lines(REPORT)) + "\n" == EXPECTED


def test_eighty_columns() -> None:
    """Long texts are wrapped; of the evidence, a word that has no room is cut; no path is."""
    path = f"/srv/{'x' * 90}/a.yaml"
    long = replace(STALE, path=path, message="word " * 200, remedy="word " * 200, evidence=f"a {'b' * 300} c")
    wide = [line for line in lines(replace(REPORT, findings=(long,))) if len(line) > 80]
    assert wide == [f"          app:{path}"]


def test_nothing_found() -> None:
    """No finding is said in words, with the sources that were looked at."""
    assert list(lines(EMPTY)) == ["nothing found", "", "sources:", "  self    ok"]


def test_nothing_looked_at() -> None:
    """Why is in it."""
    assert "  compose compose.yaml:3: not YAML" in list(lines(BLIND))


def test_a_patch_is_shown_once_and_untouched() -> None:
    """Two findings that one edit mends show it once; tabs, long lines and carriage returns in it are kept."""
    patch = f"--- a\n+++ a\n@@ -1 +1 @@\n-\t{'x ' * 60}\r\n+y\x0cz\r\n"
    both = (replace(SINGLE, patch=patch), replace(STALE, patch=patch))
    text = "\n".join(lines(replace(REPORT, findings=both))) + "\n"
    assert text.count(patch) == text.count("+++") == 1
