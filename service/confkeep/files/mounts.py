"""Mount points as the kernel knows them: statx(2) and /proc/self/mountinfo (proc_pid_mountinfo(5)).

``os.path.ismount`` and comparing ``st_dev`` miss a file that is bind-mounted from the same filesystem;
STATX_ATTR_MOUNT_ROOT was right in every layout measured (docs/architecture.md, "Facts").
"""

from __future__ import annotations

import errno
import os
import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

from confkeep.errors import shown
from confkeep.files import syscalls

_ATTR_IMMUTABLE: Final = 0x10
_ATTR_APPEND: Final = 0x20
_ATTR_MOUNT_ROOT: Final = 0x2000
_ATTR_VERITY: Final = 0x100000
_MASK_MNT_ID: Final = 0x1000
# Type, mode, nlink, uid, gid, ino, size, blocks, and no times: asking for a file's times makes the kernel give the next
# change of it a time of its own ("multigrain timestamps", Linux 6.13), and the flush after that 60-80 us slower.
_BASIC_STATS: Final = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x100 | 0x200 | 0x400
_WANTED: Final = _BASIC_STATS | _MASK_MNT_ID
# struct statx (include/uapi/linux/stat.h): mask, attributes, nlink, uid, gid, mode, ino, size, blocks, attributes_mask,
# device major and minor, mount id
_STATX: Final = struct.Struct("=I4xQIIIH2xQQQQ72xIIQ")


#: Network filesystems, FUSE (but for disks: fuseblk), and what virtual machines share with their host.
_REMOTE: Final = frozenset(
    {
        *("9p", "afs", "ceph", "cifs", "coda", "fuse", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2"),
        *("smb3", "smbfs", "virtiofs", "fakeowner", "grpcfuse", "osxfs", "prl_fs", "vboxsf", "vmhgfs"),
    }
)

#: The first fields of Facts are those that an unchanged file has kept: where it is, whose, how many links, which mount.
KEPT: Final = 9


class Facts(NamedTuple):
    """What statx says of one descriptor: fields of stat(2) by their usual names, and what only statx knows.

    ``attributes`` are STATX_ATTR_*, but for the mount root, which is a field of its own.
    """

    dev: int
    ino: int
    mode: int
    nlink: int
    uid: int
    gid: int
    mount_id: int
    mount_root: bool
    attributes: int
    size: int
    blocks: int

    @property
    def dress(self) -> tuple[int, ...]:
        """What a file is besides its bytes and its number: mode, links, owner, group, mount, attributes."""
        return (*self[2:8], self.attributes)

    @property
    def immutable(self) -> bool:
        """``chattr +i``."""
        return bool(self.attributes & _ATTR_IMMUTABLE)

    @property
    def append_only(self) -> bool:
        """``chattr +a``."""
        return bool(self.attributes & _ATTR_APPEND)

    @property
    def verity(self) -> bool:
        """Sealed by fs-verity."""
        return bool(self.attributes & _ATTR_VERITY)


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo; ``line`` is the evidence, as the kernel wrote it."""

    mount_id: int
    root: str
    mount_point: str
    options: frozenset[str]
    fs_type: str
    source: str
    super_options: frozenset[str]
    line: str

    @property
    def read_only(self) -> bool:
        """Whether the mount itself (not the filesystem under it) is read-only."""
        return "ro" in self.options

    @property
    def remote(self) -> bool:
        """Whether its files are another machine's or process's: they change without our kernel's knowledge."""
        return self.fs_type in _REMOTE or self.fs_type.startswith("fuse.")

    @property
    def deleted(self) -> bool:
        """Whether the mounted file or directory has lost its name: the host replaced or removed it."""
        return self.root.endswith("//deleted")


def facts(fd: int, parent: int) -> Facts:
    """Facts about ``fd``, which was opened below the directory ``parent``. Both may be O_PATH.

    Before Linux 5.8 statx does not know mount roots. There the mount ids in fdinfo decide, which is exact as
    well: what is opened below a directory has the directory's mount id unless something is mounted on it.
    """
    return _by_statx(fd) or _by_fstat(fd, parent)


def facts_at(parent: int, name: str) -> Facts | None:
    """Facts about what ``name`` in the directory ``parent`` leads to now (a link itself), None where nothing is."""
    try:
        found = _by_statx(parent, os.fsencode(name))
        if found:
            return found
        fd = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    except FileNotFoundError:
        return None
    try:
        return _by_fstat(fd, parent)
    finally:
        os.close(fd)


def _by_statx(fd: int, name: bytes = b"") -> Facts | None:
    """None where statx is not, or knows no mounts."""
    buffer = syscalls.StatxBuffer()
    try:
        syscalls.statx(fd, _WANTED, buffer, name)
    except OSError as error:
        # EPERM: a seccomp profile from before statx; ENOSYS: a kernel or an emulation without it
        if error.errno in {errno.ENOSYS, errno.EPERM}:
            return None
        raise
    (mask, attributes, nlink, uid, gid, mode, ino, size, blocks, known, major, minor, mount_id) = _STATX.unpack_from(
        buffer
    )
    if not (known & _ATTR_MOUNT_ROOT and mask & _MASK_MNT_ID):
        return None
    return Facts(
        os.makedev(major, minor),
        ino,
        mode,
        nlink,
        uid,
        gid,
        mount_id,
        bool(attributes & _ATTR_MOUNT_ROOT),
        attributes & ~_ATTR_MOUNT_ROOT,
        size,
        blocks,
    )


def _by_fstat(fd: int, parent: int) -> Facts:
    found = os.fstat(fd)
    mount_id = mount_id_by_fdinfo(fd)
    attributes = _attributes(fd)
    return Facts(
        found.st_dev,
        found.st_ino,
        found.st_mode,
        found.st_nlink,
        found.st_uid,
        found.st_gid,
        mount_id,
        mount_id != mount_id_by_fdinfo(parent),
        attributes,
        found.st_size,
        found.st_blocks,
    )


def _attributes(fd: int) -> int:
    """What an old statx knows all the same (immutable and append-only since Linux 4.11)."""
    buffer = syscalls.StatxBuffer()
    try:
        syscalls.statx(fd, _BASIC_STATS, buffer)
    except OSError:
        return 0
    return int(_STATX.unpack_from(buffer)[1]) & ~_ATTR_MOUNT_ROOT


def mount_id_by_fdinfo(fd: int) -> int:
    """Mount id of a descriptor out of ``/proc/self/fdinfo`` (since Linux 3.15)."""
    with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as info:
        lines = info.read().splitlines()
    for line in lines:
        if line.startswith("mnt_id:"):
            return int(line.split()[1])
    raise OSError(errno.ENODATA, f"/proc/self/fdinfo/{fd} has no mnt_id")


def find_mount(mount_id: int) -> Mount | None:
    """The mount with this id; never looked up by path or device (on btrfs st_dev differs from mountinfo's).

    Read anew each time: a root field that turns into ``//deleted`` announces itself nowhere. 0.5 ms at 100 mounts.
    """
    wanted = b"%d " % mount_id
    with open("/proc/self/mountinfo", "rb") as table:
        for line in table:
            if line.startswith(wanted):
                return parse_mount(os.fsdecode(line.rstrip(b"\n")))
    return None


def mount_of(path: str | os.PathLike[str]) -> Mount | None:
    """The mount that ``path`` is on. Raises OSError where nothing is there."""
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        return find_mount(facts(fd, fd).mount_id)
    finally:
        os.close(fd)


def parse_mount(line: str) -> Mount:
    """One line of mountinfo. Raises ValueError when it is none."""
    left, _, right = line.partition(" - ")
    fields, rest = left.split(" "), right.split(" ")
    if len(fields) < 6 or len(rest) < 3:  # noqa: PLR2004 - proc_pid_mountinfo(5) has six fields and three
        raise ValueError(f"not a mountinfo line: {line!r}")
    return Mount(
        mount_id=int(fields[0]),
        root=_unescape(fields[3]),
        mount_point=_unescape(fields[4]),
        options=frozenset(fields[5].split(",")),
        fs_type=rest[0],
        source=_unescape(rest[1]),
        super_options=frozenset(rest[2].split(",")),
        line=shown(line),
    )


def _unescape(field: str) -> str:
    # The kernel writes space, tab, newline, backslash (and # in a source) as three octal digits.
    head, *parts = field.split("\\")
    return head + "".join(chr(int(part[:3], 8)) + part[3:] for part in parts)
