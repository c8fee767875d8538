"""Who asks the auditor's rules while the product works, remembers what was found, and tells the managers once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce

import structlog

from escalation.auditing import RULES, Rule
from escalation.desk import Desk
from escalation.freezing import frozen_accounts
from escalation.language import Sentence, say
from escalation.polling import Poller
from escalation.writing import managers_notice
from models.store.auditing import Scope, Suspect, TookTooLongError
from models.watching import KnownFinding

log = structlog.get_logger(__name__)

WINDOW = timedelta(hours=1)
"""How far back rules about recent work look at least: over several audits, so that one that fails leaves no gap."""
LONGEST_WINDOW = timedelta(days=7)
SECONDS = 5.0
"""The longest that one question may take before it is cut off."""
MOST_SUSPECTS = 100
MOST_EVIDENCE = 500
"""How many of the newest suspects are judged by a rule that compares texts or tells times again."""
MOST_TOLD = 10
REMEMBERED = timedelta(days=1)
"""A finding that comes back within this time is not told again."""

AUDITORS_OWN = ("I25", "auditor")
"""The invariant and the rule of what the auditor finds about itself: a question that was cut off."""


@dataclass(frozen=True)
class AuditFinding:
    """One thing that is wrong; ``key`` (the rule's name and what it is about) stays the same from audit to audit."""

    key: str
    rule: str
    invariant: str
    sentence: Sentence
    advice: Sentence
    case_id: str | None = None
    effect_id: str | None = None
    accepted_by: str | None = None


@dataclass(frozen=True)
class Audit:
    """What one audit found. ``settled``: rules that were asked to the end, so that what they do not name is gone."""

    at: datetime
    asked: int
    findings: tuple[AuditFinding, ...]
    settled: frozenset[str]

    @property
    def open(self) -> list[AuditFinding]:
        """Return what nobody has accepted."""
        return [finding for finding in self.findings if finding.accepted_by is None]


class Auditor:
    """Asks rules. ``audit`` changes nothing; ``report`` also remembers what was found, and tells what is new."""

    def __init__(self, desk: Desk, *, rules: Sequence[Rule] = RULES, seconds: float = SECONDS) -> None:
        """Keep the desk. ``seconds``: how long one question may take."""
        self._desk = desk
        self._rules = rules
        self._seconds = seconds

    async def audit(self, *, window: timedelta = WINDOW) -> Audit:
        """Ask every rule, each in a reading transaction of its own; ``window`` is how far back recent work goes.

        What stood at the last audit is asked about again, however long ago it happened.

        Raises:
            StorageUnavailableError: the database is away.

        """
        now = self._desk.clock.now()
        settings = self._desk.rulebook.settings
        async with self._desk.storage.read() as tx:
            known = {finding.key: finding for finding in await tx.watching.standing()}
            frozen = frozen_accounts(await tx.freezes.all(), settings)
        scope = Scope(
            now,
            now,
            now - window,
            frozen=sorted(frozen),
            polled=sorted(Poller(self._desk).accounts),
            deputies=settings.approval.deputies,
            most=MOST_SUSPECTS,
        )
        findings: dict[str, AuditFinding] = {}
        settled: set[str] = set()
        for rule in self._rules:
            try:
                found, whole = await self._ask(rule, replace(scope, before=now - rule.patience), known.values())
            except TookTooLongError:
                found, whole = [self._cut_off(rule)], False
            findings |= {finding.key: _noted(finding, known) for finding in found}
            if whole:
                settled.add(rule.name)
        return Audit(now, len(self._rules), tuple(findings.values()), frozenset(settled))

    async def report(self, *, since: datetime | None = None) -> Audit:
        """Audit, remember what was found and gone, and tell the managers what is new, in one message.

        ``since``: the last audit, where it is longer ago than the window. Costs no commit while all is well.
        """
        now = self._desk.clock.now()
        window = max(WINDOW, min(LONGEST_WINDOW, now - since)) if since else WINDOW
        audit = await self.audit(window=window)
        async with self._desk.storage.read() as tx:
            standing = await tx.watching.standing()
        found = {finding.key: finding for finding in audit.findings}
        gone = [row.key for row in standing if row.key not in found and _is_settled(row, audit)]
        if not found and not gone:
            return audit
        new = await self._desk.storage.retrying(lambda: self._remember(audit, found, gone))
        for key in new:
            log.error("invariant violated", rule=found[key].rule, invariant=found[key].invariant, finding=key)
        if new:
            self._desk.committed()
        return audit

    async def _remember(self, audit: Audit, found: Mapping[str, AuditFinding], gone: Collection[str]) -> Sequence[str]:
        rows = [{"key": one.key, "rule": one.rule, "case_id": one.case_id} for one in audit.findings]
        async with self._desk.storage.begin() as tx:
            new = sorted(await tx.watching.find(rows, audit.at))
            await tx.watching.gone(gone, audit.at)
            await tx.watching.forget(audit.at - REMEMBERED)
            if new:
                told = _told([found[key] for key in new])
                await tx.outbox.put([managers_notice(self._desk.rulebook.settings, told, audit.at)])
        return new

    async def _ask(self, rule: Rule, scope: Scope, known: Collection[KnownFinding]) -> tuple[list[AuditFinding], bool]:
        """Return what a rule finds, and whether that is all of it.

        A rule about recent work is asked again about the cases in which it found something before: what happened then
        has not become right by growing old.
        """
        limit = MOST_EVIDENCE if rule.keeps else MOST_SUSPECTS
        suspects = list(await self._suspects(rule, replace(scope, most=limit)))
        whole = rule.recent or len(suspects) < limit
        before = {row.case_id for row in known if row.rule == rule.name and row.case_id}
        if rule.recent and (old := before - {suspect.case_id for suspect in suspects}):
            suspects += await self._suspects(rule, replace(scope, cases=old, most=MOST_EVIDENCE * len(old)))
        broken = [one for one in suspects if rule.keeps is None or not rule.keeps(one, self._desk.rulebook)]
        return [_finding(rule, suspect) for suspect in broken], whole

    async def _suspects(self, rule: Rule, scope: Scope) -> Sequence[Suspect]:
        monotonic = self._desk.clock.monotonic
        async with self._desk.storage.read() as tx, tx.auditing.limited(self._seconds, monotonic=monotonic):
            return await rule.query(tx.auditing, scope)

    def _cut_off(self, rule: Rule) -> AuditFinding:
        return AuditFinding(
            key=f"{AUDITORS_OWN[1]}:{rule.name}",
            rule=AUDITORS_OWN[1],
            invariant=AUDITORS_OWN[0],
            sentence=say(
                "The rule {rule} could not be asked within {seconds} s, so nobody knows whether it holds.",
                rule=rule.name,
                seconds=f"{self._seconds:g}",
            ),
            advice=say("The database is slow, or its statistics are old: ANALYZE it, and look at what else it does."),
        )


def _finding(rule: Rule, suspect: Suspect) -> AuditFinding:
    return AuditFinding(
        key=f"{rule.name}:{suspect.subject}",
        rule=rule.name,
        invariant=rule.invariant,
        sentence=rule.wrong(suspect),
        advice=rule.advice,
        case_id=suspect.case_id,
        effect_id=suspect.effect_id,
    )


def _noted(finding: AuditFinding, known: Mapping[str, KnownFinding]) -> AuditFinding:
    before = known.get(finding.key)
    return finding if before is None else replace(finding, accepted_by=before.accepted_by)


def _is_settled(row: KnownFinding, audit: Audit) -> bool:
    """Tell whether a finding that an audit does not name is really gone, and not merely unasked."""
    if row.rule == AUDITORS_OWN[1]:
        return row.key.removeprefix(f"{row.rule}:") in audit.settled
    return row.rule in audit.settled


def _told(new: Sequence[AuditFinding]) -> Sentence:
    """Return one message for all that is new; the first few are named."""
    lines = [say("{wrong} {advice}", wrong=one.sentence, advice=one.advice) for one in new[:MOST_TOLD]]
    if len(new) > MOST_TOLD:
        lines.append(say("And {number} more; `portavoce auditor` lists them.", number=len(new) - MOST_TOLD))
    head = say("The auditor has found what must not be:")
    return reduce(lambda above, below: say("{above}\n{below}", above=above, below=below), lines, head)
