"""A SQLite file before it is worked on: whether it lies on a disk of this machine, and whether it is whole.

Facts: sqlite.org/wal.html (all processes must be on one host), /pragma.html (quick_check reads the whole file).
"""

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

CHECKED_AT_START_BYTES: Final = 256 * 1024 * 1024
"""Up to which size a file is checked at every start; reading more of it would hold the start up for seconds."""

_MOUNTS: Final = Path("/proc/mounts")
_NETWORKS: Final = frozenset(
    {
        "afs", "beegfs", "ceph", "cifs", "davfs", "gfs2", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2",
        "orangefs", "smb3", "smbfs",
        "fuse.ceph", "fuse.davfs2", "fuse.gcsfuse", "fuse.glusterfs", "fuse.juicefs", "fuse.rclone", "fuse.s3fs",
        "fuse.sshfs",
    }
)  # fmt: skip
"""File systems of other machines. Not 9p and virtiofs, in which virtual machines show disks of their own host."""


def network_file_system(path: Path, mounts: Path = _MOUNTS) -> str | None:
    """Return the kind of network file system that a file lies on or would be made on; ``None`` for a disk.

    ``mounts``: the kernel's table of them; where there is none, nothing is known and nothing is said.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    file = path.resolve()
    kind, depth = "", -1
    for _, point, of, *_ in (line.split(" ") for line in lines):
        folder = Path(point.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        if file.is_relative_to(folder) and len(folder.parts) >= depth:  # of two at one place the later one is seen
            kind, depth = of, len(folder.parts)
    return kind if kind in _NETWORKS else None


def damage(path: Path, *, at_most_bytes: int | None = None) -> str | None:
    """Return the first damage of a file in SQLite's words; ``None`` if it is whole, new, or no database at all.

    It is opened for reading only. A file of more than ``at_most_bytes`` is not looked at.
    """
    file = path.resolve()
    if not file.is_file() or (at_most_bytes is not None and file.stat().st_size > at_most_bytes):
        return None
    try:
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            [found] = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        damaged = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_CORRUPT
        return str(error) if damaged else None  # whoever opens it next is told of anything else
    return None if found == "ok" else str(found).splitlines()[-1]
