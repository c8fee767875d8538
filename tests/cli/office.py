"""A small office for the command line: a folder with a configuration, and cases made by the product itself."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from typer.testing import CliRunner, Result

from bots.clock import SystemClock
from bots.commands.command_line import app
from connectors import registry, settings_models
from escalation import commands as c
from escalation.desk import Desk
from escalation.ports import Arrived, AuthorFacts
from escalation.rulebook import Rulebook
from escalation.settings import load_settings
from models.database import Database
from models.schema import migrate
from models.vocabulary import SYSTEM, DraftSource, EffectKind, EffectState, Visibility
from tests.house import COLLEAGUES

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_SIGNING_SECRET": "signing-4711", "NETWORK_TOKEN": "network-0815"}
CONFIGURATION = f"""\
[organisation]
name = "Acme"
timezone = "Europe/Rome"
public_url = "http://127.0.0.1:8000"
[organisation.hours]
monday = ["24h"]
[chat.slack]
bot_token = {{ env = "SLACK_BOT_TOKEN" }}
signing_secret = {{ env = "SLACK_SIGNING_SECRET" }}
api_url = "http://127.0.0.1:9/api/"
{COLLEAGUES}
[approval]
channel = "slack:C0APPROVE"
approvers = ["carla"]
[managers]
members = ["marta"]
[[routes]]
department = "billing"
words = ["invoice"]
[[routes]]
department = "product"
[policies.standard]
acknowledge = "15m"
answer = "1h"
hours = "always"
[brands.acme]
label = "Acme"
[accounts.network]
connector = "sandbox"
brand = "acme"
base_url = "http://127.0.0.1:9"
access_token = {{ env = "NETWORK_TOKEN" }}
[accounts.contact]
connector = "form"
brand = "acme"
"""

T = TypeVar("T")


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "portavoce.db"
        migrate(f"sqlite:///{file}")
        return file.read_bytes()


@dataclass
class Office:
    """A folder with ``portavoce.toml``; ``command`` runs in this process, ``process`` in one of its own."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "portavoce.toml"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'portavoce.db'}"

    def write(self, text: str = CONFIGURATION) -> None:
        self.file.write_text(text, encoding="utf-8")

    def command(self, *words: str, env: Mapping[str, str] | None = None) -> Result:
        """Run a command on the office's configuration."""
        variables = {"COLUMNS": "80", **SECRETS} if env is None else dict(env)
        cleared = dict.fromkeys(SECRETS) | variables
        return CliRunner().invoke(app, [*words, "--config", str(self.file)], env=cleared)

    def start(self, *words: str, cwd: Path | None = None, env: Mapping[str, str] = SECRETS) -> "subprocess.Popen[str]":
        """Begin a process of the command line."""
        kept = {name: value for name, value in os.environ.items() if name not in SECRETS}
        return subprocess.Popen(
            [sys.executable, "-m", "bots.cli", *words],
            cwd=cwd or self.folder,
            env={**kept, "PYTHONPATH": str(ROOT), **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def process(self, *words: str, cwd: Path | None = None, env: Mapping[str, str] = SECRETS) -> tuple[int, str, str]:
        """Run a process to its end: exit code, standard output, standard error."""
        started = self.start(*words, cwd=cwd, env=env)
        out, err = started.communicate(timeout=240)
        return started.returncode, out, err

    # --- what is in the database

    def migrated(self) -> None:
        """Give the office its database, as ``portavoce migrate`` makes it."""
        (self.folder / "portavoce.db").write_bytes(_migrated())

    def within(self, work: Callable[[Desk], Awaitable[T]]) -> T:
        """Do something with the desk over the office's database."""

        async def run() -> T:
            async with self.opened() as desk:
                return await work(desk)

        return asyncio.run(run())

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Desk]:
        settings = load_settings(self.file, environ=SECRETS, connector_settings=settings_models())
        clock, kinds, database = SystemClock(), registry(), Database(self.url)
        connectors = {
            key: kinds[account.connector](key, account.settings, clock=clock)
            for key, account in settings.accounts.items()
        }
        yield Desk(database, Rulebook(settings, connectors), clock)
        for connector in connectors.values():
            await connector.close()
        await database.close()

    def arrive(
        self, text: str = "Where is my invoice?", *, external_id: str = "post-1", account: str = "network"
    ) -> str:
        """Let a customer write; return the case's id."""

        async def work(desk: Desk) -> str:
            post = Arrived(
                external_id=external_id,
                thread_id=external_id,
                author=AuthorFacts(f"of-{external_id}", "Ada Neri", "ada"),
                text=text,
                visibility=Visibility.PUBLIC,
                posted_at=desk.clock.now(),
            )
            taken = await desk.intake(account, [post])
            assert taken is not None
            return taken.cases[external_id]

        return self.within(work)

    def approved_reply(self, *, claimed: bool = False) -> tuple[str, str]:
        """Let a case be answered by Anna and approved by Carla; return the ids of the case and of its reply."""
        case = self.arrive()
        if claimed:
            self.order(case, c.CardShown(), actor=SYSTEM)
            self.order(case, c.Claim(), actor="anna")

        async def work(desk: Desk) -> str:
            assert (await desk.handle(case, c.SubmitDraft("In your inbox.", DraftSource.DIALOG), actor="anna")).done
            file = await desk.file(case)
            seen = c.DraftSeen(file.draft.version, file.draft.hash, file.case.context_version)
            assert (await desk.handle(case, c.Approve(seen), actor="carla")).done
            file = await desk.file(case)
            return file.current_replies[0].id

        return case, self.within(work)

    def effect(self, case: str, kind: EffectKind) -> str:
        """Return the id of a case's first effect of a kind."""

        async def work(desk: Desk) -> str:
            async with desk.storage.read() as tx:
                return next(effect.id for effect in await tx.cases.effects(case) if effect.kind is kind)

        return self.within(work)

    def put_in_state(self, effect: str, state: EffectState, **changes: object) -> None:
        """Bring an effect into a state, as a courier would have."""

        async def work(desk: Desk) -> None:
            async with desk.storage.begin() as tx:
                assert await tx.outbox.move(effect, from_=list(EffectState), changes={"state": state, **changes})

        self.within(work)

    def order(self, case: str, command: c.Command, *, actor: str = "portavoce") -> None:
        """Give a command to a case."""

        async def work(desk: Desk) -> None:
            outcome = await desk.handle(case, command, actor=actor)
            assert outcome.refusal is None, str(outcome.refusal)

        self.within(work)
