"""A report with something of everything, for the tests of its formats."""

from __future__ import annotations

from typing import Final

from confkeep.layout.diagnosis import Diagnosis, Location, Report, Severity, Skipped, Source

LINE: Final = "641 623 254:0 /srv/app/a.yaml /config/a.yaml rw,relatime - ext4 /dev/vda rw"
OVERLAY: Final = f"663 262 0:206 / / ro,relatime - overlay overlay rw,lowerdir={'/l:' * 100}"
PATCH: Final = """\
--- compose.yaml
+++ compose.yaml
@@ -3,3 +3,3 @@
     image: example
     volumes:
-      - ./conf/a.yaml:/config/a.yaml
+      - ./conf:/config
"""
SINGLE: Final = Diagnosis(
    rule="MNT001",
    severity=Severity.WARNING,
    container="app",
    path="/config/a.yaml",
    message="/config/a.yaml is mounted as a single file: programs that save by renaming cannot save it",
    remedy="mount the directory: ./conf:/config instead of ./conf/a.yaml:/config/a.yaml, so that both sides see it",
    evidence=LINE,
    host_path="/srv/app/a.yaml",
    location=Location("compose.yaml", 5),
    patch=PATCH,
)
STALE: Final = Diagnosis(
    rule="MNT002",
    severity=Severity.ERROR,
    container="app",
    path="/config/b.yaml",
    message="the host has replaced /srv/app/b.yaml",
    remedy="docker restart app",
    evidence=OVERLAY,
)
OWN: Final = Diagnosis(
    rule="MNT009",
    severity=Severity.NOTE,
    container="",
    path="/etc/x",
    message="read-only",
    remedy="drop :ro",
    evidence="",
)
SKIPPED: Final = (
    Skipped("MNT013", "permission denied on /run/docker.sock"),
    Skipped("MNT014", "permission denied on /run/docker.sock"),
    Skipped("MNT019", "uid 1000 may not look into it", "app"),
    Skipped("MNT019", "uid 1000 may not look into it", "db"),
    Skipped("MNT021", "uid 1000 may not look into it", "db"),
    Skipped("", "the variable X is not set (compose.yaml:9)", "db: ${X}:/data"),
)
REPORT: Final = Report(
    findings=(OWN, SINGLE, STALE),
    skipped=SKIPPED,
    sources={Source.SELF: "ok", Source.API: "permission denied on /run/docker.sock"},
)
BLIND: Final = Report(sources={Source.COMPOSE: "compose.yaml:3: not YAML"})
EMPTY: Final = Report(sources={Source.SELF: "ok"})
