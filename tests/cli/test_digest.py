"""``digest``: printed, drawn, sent."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bots.charts import WIDTH
from bots.commands import digest
from models.vocabulary import EffectKind, EffectState
from tests.cli.office import CONFIGURATION, SECRETS, Office
from tests.counting import PlainCounting

MANAGERS = CONFIGURATION.replace("[managers]\n", '[managers]\nchannel = "slack:C0MANAGERS"\n')


def run(office: Office, *words: str) -> Result:
    """Run the command with the plain counting."""
    app = typer.Typer()
    digest.register(app, PlainCounting)
    app.callback()(lambda: None)
    command = [*("digest", *words), "--config", str(office.file)]
    return CliRunner().invoke(app, command, env={"COLUMNS": "80", **SECRETS})


@pytest.fixture
def sending(working: Office) -> Office:
    working.write(MANAGERS)
    return working


def effects(office: Office) -> list[tuple[str, EffectState, str]]:
    async def work(desk):
        async with desk.storage.read() as tx:
            rows = await tx.outbox.list()
        return [(row.id, row.state, row.target) for row in rows if row.kind is EffectKind.DIGEST]

    return office.within(work)


def test_it_is_printed_and_nothing_is_sent(sending: Office):
    sending.arrive()
    shown = run(sending)
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("Daily digest: ")
    assert "           0  cases received (as many as before)" in lines
    assert "Open breaches: none" in lines
    assert any(line.startswith("Longest waiting: ") and ", Billing, case " in line for line in lines)
    assert "Ada" not in shown.stdout
    assert effects(sending) == []


def test_it_is_put_into_the_outbox(sending: Office):
    shown = run(sending, "weekly", "--send", "--json")
    assert shown.exit_code == 0, shown.output
    told = json.loads(shown.stdout)
    assert (told["kind"], len(told["days"])) == ("weekly", 7)
    assert effects(sending) == [(told["effect"], EffectState.READY, "slack:C0MANAGERS")]
    again = run(sending, "--send")
    assert f"It is in the outbox as {effects(sending)[0][0]}." in again.stdout
    assert len(effects(sending)) == 2


def test_the_organisations_language_is_spoken(sending: Office):
    sending.write(MANAGERS.replace('name = "Acme"', 'name = "Acme"\nlanguage = "it"', 1))
    assert run(sending).stdout.startswith("Riepilogo del giorno: ")


def test_the_picture_is_written(sending: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "week.png"
    empty = run(sending, "weekly", "--preview", str(file))
    assert "There is nothing to draw" in empty.stdout
    assert not file.exists()
    sending.arrive()
    _move_into_the_past(sending)
    drawn = run(sending, "weekly", "--preview", str(file), "--json")
    assert json.loads(drawn.stdout)["picture"] == str(file)
    png = file.read_bytes()
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == WIDTH
    refused = run(sending, "weekly", "--preview", str(tmp_path / "no" / "week.png"))
    assert refused.exit_code == 1
    assert "cannot be written (no such file or directory)" in refused.stderr


def _move_into_the_past(office: Office) -> None:
    async def work(desk):
        async with desk.storage.begin() as tx:
            await (await tx.session.connection()).exec_driver_sql(
                "UPDATE cases SET received_at = received_at - 2 * 86400000000"
            )

    office.within(work)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [(("--send",), 1, "write channel in [managers]"), (("hourly",), 2, "hourly")],
)
def test_refusals_are_sentences(working: Office, words: tuple[str, ...], code: int, sentence: str):
    refused = run(working, *words)
    assert refused.exit_code == code
    assert sentence in refused.stderr
