"""Reads the bot's database beside it, as ``case show`` does: what pages show stays true while the bot is dead."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from bots.commands.facts import case_facts
from bots.printing import json_value
from connectors import registry
from escalation.cards import Shown, headline, status, steps
from escalation.casefile import CaseFile
from escalation.desk import case_file
from escalation.language import Reader
from escalation.ports import Clock
from escalation.rulebook import Rulebook
from escalation.settings import Settings
from models.database import Database
from models.vocabulary import EffectState, Step

STRIP: Final[Mapping[Step, str]] = {
    Step.DETECT: "received",
    Step.ROUTE: "routed",
    Step.ACKNOWLEDGE: "claimed",
    Step.ANSWER: "drafted",
    Step.APPROVE: "approved",
    Step.RELAY: "sent",
}
"""The steps of the strip, in the order of the work, and what each is called there."""
WAITING: Final = frozenset({EffectState.READY, EffectState.SENDING, EffectState.UNKNOWN, EffectState.NEEDS_CHECK})
_EXCERPT: Final = 90


class Ledger:
    """A reader of cases. Changes nothing, and takes no claim on the database file."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Open nothing yet."""
        kinds = registry()
        connectors = {
            name: kinds[account.connector](name, account.settings, clock=clock)
            for name, account in settings.accounts.items()
        }
        self.rulebook = Rulebook(settings, connectors)
        self._database = Database(settings.database.url)
        self._clock = clock

    async def close(self) -> None:
        """Release every connection."""
        for connector in self.rulebook.connectors.values():
            await connector.close()
        await self._database.close()

    async def cases(self, *, limit: int = 1_000) -> list[CaseFile]:
        """Return the newest cases, newest first. Raises ``StorageUnavailableError``."""
        async with self._database.read() as tx:
            ids = await tx.cases.list(limit=limit)
            rows = await tx.cases.read(ids)
        return [case_file(rows[case_id]) for case_id in ids if case_id in rows]

    async def cases_by_id(self, ids: Sequence[str]) -> dict[str, CaseFile]:
        """Return some cases. Raises ``StorageUnavailableError``."""
        async with self._database.read() as tx:
            rows = await tx.cases.read([name for name in ids if name])
        return {case_id: case_file(found) for case_id, found in rows.items()}

    async def frozen(self) -> bool:
        """Tell whether any freeze stands. Raises ``StorageUnavailableError``."""
        async with self._database.read() as tx:
            return bool(await tx.freezes.all())

    async def next_rung(self) -> datetime | None:
        """Return when the next rung of any running clock is due (UTC). Raises ``StorageUnavailableError``."""
        async with self._database.read() as tx:
            return await tx.clocks.oldest_rung_due()

    async def next_due(self, *, after: datetime, effects: bool) -> datetime | None:
        """Return the next moment (UTC) at which a rung or a timer is due, or with ``effects`` something leaves.

        What was due before ``after`` and could not happen is left out. Raises ``StorageUnavailableError``.
        """
        async with self._database.read() as tx:
            due = [await tx.clocks.oldest_rung_due(), await tx.clocks.oldest_timer_due()]
            if effects:
                due.append(await tx.outbox.next_due())
        return min((moment for moment in due if moment is not None and moment > after), default=None)

    def facts(self, file: CaseFile) -> dict[str, Any]:
        """Return what the strip shows of a case, as JSON: the fields of ``case show`` where they are the same."""
        now, case, settings = self._clock.now(), file.case, self.rulebook.settings
        shown = self._shown(file, now)
        reader = Reader(language="en", timezone=settings.organisation.timezone, now=now)
        text = " ".join(file.mentions[0].text.split())
        facts = {
            **case_facts(file),
            "customer": file.author.name,
            "handle": file.author.handle,
            "headline": reader.read(headline(file, shown)),
            "text": text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…",
            "status": reader.read(status(file, shown)),
            "department_label": self.rulebook.label(case.department),
            "channel": _channel(settings, case.department),
            "owner_name": self.rulebook.name(case.owner) if case.owner else None,
            "approver_name": _approver(file, self.rulebook),
            "post": file.mentions[0].external_id,
            "drafted": bool(file.drafts),
            "strip": self._strip(file, now),
            "waits": _waits(file),
        }
        plain: dict[str, Any] = {name: json_value(value) for name, value in facts.items()}
        return plain

    def _strip(self, file: CaseFile, now: datetime) -> list[dict[str, Any]]:
        known = {line.step: line for line in steps(file, now)}
        strip = []
        for step, label in STRIP.items():
            clock, line = file.latest(step), known.get(step)
            strip.append(
                {
                    "step": step.value,
                    "label": label,
                    "started_at": clock.started_at if clock else None,
                    "ended_at": clock.ended_at if clock else None,
                    "outcome": clock.outcome.value if clock and clock.outcome else None,
                    "wall_seconds": clock.wall_seconds if clock else None,
                    "business_seconds": clock.business_seconds if clock else None,
                    "due_at": clock.due_at if clock else None,
                    "late": line is not None and line.late,
                    "cycle": clock.cycle if clock else 0,
                }
            )
        return strip

    def _shown(self, file: CaseFile, now: datetime) -> Shown:
        connector = self.rulebook.connector(file.case.account)
        return Shown(
            name=self.rulebook.name,
            label=self.rulebook.label,
            network=connector.label,
            brand=self.rulebook.settings.brand_label(file.case.account),
            capabilities=connector.capabilities,
            count=len,
            now=now,
        )


def _channel(settings: Settings, department: str) -> str | None:
    """Return the chat's id of a department's channel."""
    known = settings.departments.get(department)
    return str(known.channel).partition(":")[2] if known else None


def _approver(file: CaseFile, rulebook: Rulebook) -> str | None:
    draft = file.draft
    return rulebook.name(draft.decided_by) if draft is not None and draft.decided_by else None


def _waits(file: CaseFile) -> dict[str, Any] | None:
    """Return why the newest reply has not left although it was tried, and when it is tried or looked for next."""
    for effect in file.current_replies:
        doubtful = effect.unknown_since is not None or effect.state is EffectState.NEEDS_CHECK
        if effect.state in WAITING and (doubtful or (effect.attempts and effect.state is EffectState.READY)):
            return {
                "doubtful": doubtful,
                "reason": effect.reason,
                "not_before": effect.not_before,
                "attempts": effect.attempts,
            }
    return None
