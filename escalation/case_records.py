"""All that is written down about a case, read in one transaction: for the timeline and for explaining its clocks."""

from escalation.announcing import gathering_of
from escalation.casefile import CaseFile
from escalation.desk import Desk
from escalation.explaining import CaseRecord
from models.store import Transaction
from models.vocabulary import CardKind


async def read_record(tx: Transaction, desk: Desk, file: CaseFile) -> CaseRecord:
    """Return everything about a case, and let the rulebook know the calendars of all its clocks, ended ones too."""
    case_id = file.case.id
    journal = await tx.cases.journal(case_id)
    pings = await tx.pings.of_case(case_id)
    digests = {
        file.case.policy_digest,
        *(entry.details["policy"][0] for entry in journal if _timed_anew(entry.details)),
    }
    snapshots = [await tx.cases.policy(digest) for digest in sorted(digests)]
    await desk.restore(tx, {clock.calendar for clock in file.clocks if clock.calendar})
    return CaseRecord(
        file=file,
        journal=journal,
        pings=pings,
        channels=await tx.pings.channels_of([ping.id for ping in pings]),
        policies={snapshot.digest: snapshot for snapshot in snapshots if snapshot is not None},
        effects=await tx.cases.effects(case_id),
        told_together=await tx.gatherings.drawings(
            {gathering_of(card) for card in file.cards if card.kind is CardKind.LINE}
        ),
        timers=await tx.clocks.pending(case_id),
    )


def _timed_anew(details: dict[str, object]) -> bool:
    return "recomputed" in details and "policy" in details
