"""Two thousand approved replies on two hundred conversations, and the house that relays them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, TypeAdapter

from bots.clock import SystemClock
from connectors.base import BaseUrl, ConnectorSettings, HttpConnector, segment
from escalation import commands as c
from escalation.courier import Courier
from escalation.desk import Desk, Order, case_file
from escalation.ports import Arrived, AuthorFacts, Capabilities, Clock, OutgoingReply, Posted, PostFacts
from escalation.rulebook import Rulebook
from escalation.secret import SecretSource
from escalation.settings import Settings, parse_settings
from escalation.sweeper import Sweeper
from models.database import Database
from models.vocabulary import NETWORK_EFFECTS, DraftSource, EffectKind, Idempotency, Visibility
from tests.house import CONFIGURATION

LIMIT = 40


class LineSettings(ConnectorSettings):
    base_url: BaseUrl


_ID = TypeAdapter(dict[str, str | None])


class LineConnector(HttpConnector[LineSettings]):
    """A network that takes posts and can be asked for them, and does nothing else."""

    name: ClassVar[str] = "line"
    label: ClassVar[str] = "Line"
    settings_model: ClassVar[type[ConnectorSettings]] = LineSettings
    Settings: ClassVar[type[BaseModel]] = LineSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        ingest=frozenset({"poll"}),
        idempotency=Idempotency.LOOKUP,
        limit=LIMIT,
        unit="characters",
        max_parts=20,
        visibilities=frozenset({Visibility.PUBLIC}),
    )

    async def prepare(self) -> None: ...

    def count(self, text: str, *, to: PostFacts) -> int:
        return len(text)

    def address(self, to: PostFacts, visibility: Visibility) -> str:
        return ""

    async def post(self, reply: OutgoingReply) -> Posted:
        asked = {
            "key": reply.key,
            "target": reply.to.external_id,
            "part": reply.part,
            "text": reply.text,
            "after": reply.previous_id,
        }
        return Posted(str((await self.send("POST", "/posts", _ID, json=asked)).body["id"]))

    async def find(self, reply: OutgoingReply) -> Posted | None:
        found = (await self.read(f"/find/{segment(reply.key)}", _ID)).body["id"]
        return Posted(found) if found else None


def race_settings(receiver_url: str, *, unknown_after: str = "2s") -> Settings:
    """Return the configuration of the usual house with one account at the receiving server and no undo window."""
    head = CONFIGURATION.split("[accounts.acme]", maxsplit=1)[0]
    head = head.replace('relay = "5m"', 'relay = "5m"\nhours = "always"')  # whatever the day
    head = head.replace("undo_seconds = 5", f'undo_seconds = 0\nunknown_after = "{unknown_after}"')
    account = f'[accounts.acme]\nconnector = "line"\nbase_url = "{receiver_url}"\n'
    source = SecretSource(environ={"SLACK_BOT_TOKEN": "x", "SLACK_SIGNING_SECRET": "x"}, folder=Path())
    return parse_settings(
        head + account, file="portavoce.toml", source=source, connector_settings={"line": LineSettings}
    )


class RaceHouse:
    """One process's share of the product: a desk and a courier for networks."""

    def __init__(
        self,
        url: str,
        settings: Settings,
        *,
        lease: timedelta = timedelta(seconds=120),
        capacity: int = 100,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or SystemClock()
        self.database = Database(url, monotonic=clock.monotonic)
        self.connector = LineConnector("acme", settings.accounts["acme"].settings, clock=clock)
        self.desk = Desk(self.database, Rulebook(settings, {"acme": self.connector}), clock)
        self.courier = Courier(desk=self.desk, surfaces={}, kinds=NETWORK_EFFECTS, capacity=capacity, lease=lease)
        self.sweeper = Sweeper(self.desk)
        self._opened = 0

    async def open_cases(self, number: int) -> list[str]:
        """Open cases, all in one transaction; return their ids in the order of the customers' posts."""
        now = self.desk.clock.now()
        first, self._opened = self._opened, self._opened + number
        posts = [
            Arrived(
                external_id=f"post-{n}",
                thread_id=f"post-{n}",
                author=AuthorFacts(f"ada-{n}", "Ada", f"ada{n}"),
                text="Where is my invoice?",
                visibility=Visibility.PUBLIC,
                posted_at=now - timedelta(seconds=10),
            )
            for n in range(first, first + number)
        ]
        taken = await self.desk.intake("acme", posts)
        assert taken is not None
        return [taken.cases[post.external_id] for post in posts]

    async def submit_all(self, case_ids: Sequence[str], *, sentences: int) -> int:
        """Have every case answered, in one transaction; return into how many parts the answers were split."""
        text = " ".join(f"This is sentence {n:03d} of all." for n in range(sentences))
        async with self.database.begin() as tx:
            draft = c.SubmitDraft(text, DraftSource.DIALOG)
            outcomes = await self.desk.run(tx, [Order(case_id, draft, "anna") for case_id in case_ids])
            assert all(outcome.done for outcome in outcomes), outcomes[0].refusal
        file = await self.desk.file(case_ids[0])
        assert file is not None
        assert file.draft is not None
        return len(file.draft.parts)

    async def approve_all(self, case_ids: Sequence[str], *, sentences: int) -> int:
        """Have every case answered and approved, in two transactions; return how many parts each answer has."""
        parts = await self.submit_all(case_ids, sentences=sentences)
        async with self.database.begin() as tx:
            drafts = {case_id: case_file(rows).draft for case_id, rows in (await tx.cases.read(case_ids)).items()}
            orders = [
                Order(case_id, c.Approve(c.DraftSeen(draft.version, draft.hash, draft.context_version)), "carla")
                for case_id, draft in drafts.items()
                if draft is not None
            ]
            outcomes = await self.desk.run(tx, orders)
            assert len(outcomes) == len(case_ids)
            assert all(outcome.done for outcome in outcomes), outcomes[0].refusal
        return parts

    async def unsettled(self) -> int:
        """Return how many replies have not ended."""
        async with self.database.read() as tx:
            counts = await tx.outbox.count_by_state()
        return sum(number for (kind, _), number in counts.items() if kind is EffectKind.REPLY)

    async def close(self) -> None:
        await self.connector.close()
        await self.database.close()


def misdelivered(log: Sequence[Mapping[str, Any]], *, cases: int, parts: int) -> list[str]:
    """Return what is wrong with what the receiving server saw: every part once, in order, below the one before."""
    problems: list[str] = []
    keys = Counter(post["key"] for post in log)
    if twice := [key for key, number in keys.items() if number > 1]:
        problems.append(f"{len(twice)} replies were sent more than once")
    by_target: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for post in log:
        by_target[post["target"]].append(post)
    if len(by_target) != cases or any(len(posts) != parts for posts in by_target.values()):
        problems.append(f"{len(log)} posts on {len(by_target)} conversations, not {cases} times {parts}")
    if any([post["part"] for post in posts] != sorted(post["part"] for post in posts) for posts in by_target.values()):
        problems.append("some conversation got its parts out of order")
    return problems
