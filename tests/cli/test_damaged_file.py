"""A SQLite file that is damaged, or lies on another machine, is refused in a sentence and left as it is."""

from pathlib import Path

import pytest

from tests.cli.office import Office


def damaged(file: Path) -> bytes:
    content = bytearray(file.read_bytes())
    for page in range(2, len(content) // 4_096):
        content[page * 4_096 : page * 4_096 + 64] = b"\xa5" * 64
    file.write_bytes(content)
    return bytes(content)


def test_a_damaged_file_is_refused_and_left_as_it_is(working: Office):
    file = working.folder / "portavoce.db"
    content = damaged(file)
    code, out, err = working.process("run", "--port", "0")
    assert (code, out) == (1, "")
    assert f"{file} is damaged (" in err
    assert "nothing was changed. Put a backup in its place" in err
    assert "Traceback" not in err
    code, out, _ = working.process("doctor")
    assert code == 1
    assert f"FAILED  database: SQLite: {file} is damaged (" in out
    assert file.read_bytes() == content


@pytest.mark.parametrize("words", [("worker",), ("migrate",), ("doctor",)])
def test_a_file_on_another_machine_is_refused_and_not_made(
    office: Office, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bots.commands.storage.network_file_system", lambda _: "nfs4")
    told = office.command(*words)
    assert told.exit_code == 1
    assert "lies on a network file system (nfs4)" in told.stdout + told.stderr
    assert not list(office.folder.glob("*.db*"))
