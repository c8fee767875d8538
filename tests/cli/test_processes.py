"""``run``, ``web``, ``worker`` and ``doctor`` as real processes."""

import contextlib
import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from models.schema import schema_state
from tests.cli.office import CONFIGURATION, ROOT, SECRETS, Office

pytestmark = pytest.mark.timeout(300)  # whole programs are started, which a busy machine does slowly

LISTENING = re.compile(r"Portavoce listens on (http://127\.0\.0\.1:\d+)")


@contextlib.contextmanager
def stopped_at_the_end(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=120)


def address_of(process: "subprocess.Popen[str]") -> str:
    """Read the start-up lines until the last one; they are flushed at once."""
    address = ""
    for line in process.stdout:
        found = LISTENING.match(line)
        address = found[1] if found else address
        if line.startswith("Stop it with"):
            return address
    pytest.fail(f"it did not start: {process.stderr.read()}")


def get(address: str) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=60) as client:
        return client.get(address)


@contextlib.contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_run_makes_its_database_serves_and_stops_in_one_line(office: Office):
    with stopped_at_the_end(office.start("run", "--port", "0")) as process:
        address = address_of(process)
        assert get(f"{address}/healthz").status_code == 200
        assert get(f"{address}/readyz").json()["ready"] is True
        # other commands read and write beside it, and a second process is refused
        case = office.arrive()
        assert [one["id"] for one in json.loads(office.command("case", "list", "--json").stdout)] == [case]
        assert office.command("freeze").exit_code == 0
        assert office.command("release").exit_code == 0
        for words in (("run", "--port", "0"), ("worker",), ("web", "--port", "0")):
            code, out, err = office.process(*words)
            assert (code, out) == (1, "")
            assert "another Portavoce process already works on" in err
            assert "Traceback" not in err
        assert office.process("migrate")[0] == 0  # nothing to do
        with contextlib.closing(sqlite3.connect(office.folder / "portavoce.db")) as connection:
            newest = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            connection.execute("UPDATE alembic_version SET version_num = '0001'")
            connection.commit()
            code, out, err = office.process("migrate")
            assert (code, out) == (1, "")
            assert "another Portavoce process already works on" in err
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
            connection.execute("UPDATE alembic_version SET version_num = ?", newest)
            connection.commit()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert out.splitlines()[-1] == "Portavoce has stopped."
    assert schema_state(office.url).is_current


def test_start_up_tells_accounts_channels_and_warnings(office: Office):
    office.write(CONFIGURATION.replace('slack = "U0MARTA"\n', ""))
    with stopped_at_the_end(office.start("run", "--port", "0")) as process:
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line.strip())
            if line.startswith("Stop it with"):
                break
        page = "\n".join(lines)
        assert "network (sandbox, Acme)" in page
        assert "slack:C0BILLING (Billing)" in page
        assert "slack:C0APPROVE (approvals)" in page
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "warning: " in err


def test_a_slack_that_does_not_answer_is_told_at_the_start(office: Office):
    with stopped_at_the_end(office.start("run", "--port", "0")) as process:
        line = next(line for line in process.stderr if "Slack's token" in line)
    assert "no answer" in line
    assert "Ask Slack's status page" in line


def test_a_taken_port_is_one_before_anything_is_opened(office: Office):
    with taken_port() as port:
        code, out, err = office.process("run", "--port", str(port))
    assert (code, out) == (1, "")
    assert f"port {port} on 127.0.0.1 cannot be used" in err
    assert "--port" in err
    assert not (office.folder / "portavoce.db").exists()


def test_a_host_that_is_not_ours_is_told_as_such(office: Office):
    code, out, err = office.process("run", "--host", "192.0.2.1", "--port", "0")
    assert (code, out) == (1, "")
    assert "192.0.2.1 is no address of this machine" in err
    assert "--host" in err


def test_it_stops_although_nobody_reads_its_log(office: Office):
    with stopped_at_the_end(office.start("run", "--port", "0")) as process:
        address = address_of(process)
        process.stderr.close()
        assert get(f"{address}/healthz").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0


@pytest.mark.parametrize("words", [("web", "--port", "0"), ("worker",), ("run", "--port", "0")])
def test_a_database_that_is_not_migrated_is_refused_naming_the_command(office: Office, words: tuple[str, ...]):
    if words[0] == "run":  # a file that holds something is not new
        with contextlib.closing(sqlite3.connect(office.folder / "portavoce.db")) as connection:
            connection.execute("CREATE TABLE something (one INTEGER)")
    code, _, err = office.process(*words)
    assert code == 1
    assert "the database is not migrated; run: portavoce migrate" in err
    assert "Traceback" not in err


def test_it_works_from_another_directory(office: Office, tmp_path_factory: pytest.TempPathFactory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert office.process("migrate", "--config", str(office.file), cwd=elsewhere)[0] == 0
    assert (office.folder / "portavoce.db").exists()
    code, out, _ = office.process("case", "list", "--json", "--config", str(office.file), cwd=elsewhere)
    assert (code, json.loads(out)) == (0, [])
    assert list(elsewhere.iterdir()) == []


def test_without_a_configuration_it_says_how_to_get_one(tmp_path: Path):
    code, out, err = Office(tmp_path).process("run")
    assert (code, out) == (2, "")
    assert "portavoce.toml:1: file: the configuration file cannot be read" in err
    assert "portavoce init" in err


def test_a_missing_secret_ends_a_process_with_two(office: Office):
    code, _, err = office.process("run", "--port", "0", env={"SLACK_BOT_TOKEN": "x"})
    assert code == 2
    assert (
        "portavoce.toml:9: chat.slack.signing_secret: the environment variable SLACK_SIGNING_SECRET is not set" in err
    )


def test_doctor_tells_each_check_and_fails_if_one_does(working: Office):
    code, out, _ = working.process("doctor")
    assert code == 1
    assert "ok      database: SQLite answers" in out
    assert "FAILED  network:" in out
    assert "FAILED  slack: Slack's token" in out
    code, out, err = working.process("doctor", "--json")
    told = json.loads(out)
    assert (code, told["ok"]) == (1, False)
    of = {"database", "clock", "watch", "auditor", "network", "contact", "slack"}
    assert {finding["of"] for finding in told["findings"]} == of
    assert not any(secret in out + err for secret in SECRETS.values())


def test_nothing_is_coloured_in_a_pipe(working: Office):
    working.arrive()
    _, out, err = working.process("case", "list")
    assert "\x1b" not in out + err
    assert max(map(len, out.splitlines())) <= 80


INTERRUPTED_WHILE_IMPORTING = """
import os, signal, sys
from bots.cli import main

class Impatient:
    def find_spec(self, name, path=None, target=None):
        if name == "bots.commands.running":
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the test runner does with it
sys.meta_path.insert(0, Impatient())
sys.argv = ["portavoce", "lifecycle"]
main()
"""


def test_ctrl_c_before_a_command_begins_ends_it_without_a_word():
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WHILE_IMPORTING], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")


def test_a_folder_that_cannot_be_written_is_told_by_the_doctor(office: Office):
    (office.folder / "data").write_text("a file where a folder should be")
    office.write(f'{CONFIGURATION}[database]\nurl = "sqlite:///data/portavoce.db"\n')
    code, out, _ = office.process("doctor")
    assert code == 1
    assert re.search(r"FAILED  database: SQLite: .*data/portavoce\.db does not exist and cannot be made", out)


def test_the_doctor_survives_a_file_that_is_no_database(office: Office):
    (office.folder / "portavoce.db").write_text("not a database at all, but long enough to be looked at" * 20)
    code, out, err = office.process("doctor")
    assert code == 1
    assert "FAILED  database: SQLite: the database cannot be used (file is not a database)" in out
    assert "unexpected" not in err
