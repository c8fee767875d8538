"""A SQLite file is looked at before it is worked on."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from models.sqlite_file import damage, network_file_system

MOUNTS = r"""/dev/sda1 / ext4 rw,relatime 0 0
server:/export /srv/data nfs4 rw,vers=4.2 0 0
/dev/sdb1 /srv/data/disk xfs rw 0 0
anna@host:/ /media/far\040away fuse.sshfs rw 0 0
//server/share /mnt/twice cifs rw 0 0
/dev/sdc1 /mnt/twice ext4 rw 0 0
host /vm 9p rw,trans=virtio 0 0
"""


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("/var/lib/portavoce.db", None),
        ("/srv/data/portavoce.db", "nfs4"),
        ("/srv/data/new/folder/portavoce.db", "nfs4"),
        ("/srv/database/portavoce.db", None),
        ("/srv/data/disk/portavoce.db", None),
        ("/media/far away/portavoce.db", "fuse.sshfs"),
        ("/mnt/twice/portavoce.db", None),
        ("/vm/portavoce.db", None),
    ],
)
def test_a_network_file_system_is_known_by_the_table_of_mounts(tmp_path: Path, file: str, kind: str | None) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert network_file_system(Path(file), mounts) == kind


def test_a_link_into_a_network_file_system_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to("/srv/data/portavoce.db")
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert network_file_system(tmp_path / "link.db", mounts) == "nfs4"


def test_without_a_table_of_mounts_nothing_is_said(tmp_path: Path) -> None:
    assert network_file_system(tmp_path / "test.db", tmp_path / "none") is None
    assert network_file_system(tmp_path / "test.db") is None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A whole file of several pages, in the mode that the product uses."""
    path = tmp_path / "some file.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE one (name TEXT)")
        connection.executemany("INSERT INTO one VALUES (?)", [("x" * 200,)] * 500)
        connection.commit()
    return path


def test_a_whole_file_is_whole(file: Path, tmp_path: Path) -> None:
    assert damage(file) is None
    assert damage(tmp_path / "none.db") is None
    (tmp_path / "empty.db").touch()
    assert damage(tmp_path / "empty.db") is None


@pytest.mark.parametrize("page", [1, 2, 10])
def test_a_damaged_page_is_found_and_nothing_is_changed(file: Path, page: int) -> None:
    content = bytearray(file.read_bytes())
    start = (page - 1) * 4_096 + (100 if page == 1 else 0)
    content[start : start + 64] = b"\xa5" * 64
    file.write_bytes(content)
    assert damage(file)
    assert damage(file, at_most_bytes=len(content) - 1) is None
    assert file.read_bytes() == content


def test_what_is_no_database_is_told_by_whoever_opens_it(file: Path) -> None:
    file.write_text("not a database at all, but long enough to be looked at" * 20)
    assert damage(file) is None
