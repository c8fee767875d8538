"""Cases and step clocks written straight into the tables, as reports find them after months."""

import itertools
from datetime import datetime, timedelta

from sqlalchemy import insert

from models.case import Case, PolicySnapshot
from models.clocks import StepClock
from models.columns import new_id
from models.database import Database
from models.mention import Author
from models.store.statements import table
from models.vocabulary import CaseState, Priority, Step, StepOutcome, Visibility
from tests.clock import MONDAY

_numbers = itertools.count(1)


def a_case(**facts: object) -> dict:
    """A row of ``cases``, received on the Monday at nine and not answered."""
    number = next(_numbers)
    values = {
        "id": new_id(MONDAY),
        "account": "acme",
        "network": "plain",
        "thread_id": f"thread-{number}",
        "author_id": "author",
        "state": CaseState.CLOSED,
        "visibility": Visibility.PUBLIC,
        "priority": Priority.NORMAL,
        "department": "billing",
        "also": [],
        "declined": [],
        "route": {"route": 1},
        "policy": "standard",
        "policy_digest": "digest",
        "language": "en",
        "acts": [],
        "earlier_cases": 0,
        "version": 1,
        "context_version": 1,
        "round": 1,
        "owner": None,
        "posted_at": MONDAY,
        "received_at": MONDAY,
        "answered_at": None,
        "last_at": MONDAY,
        "dismiss_reason": None,
        "notice": None,
    }
    assert set(facts) <= set(values)
    return values | facts


def a_step(case: dict, step: Step = Step.ANSWER, seconds: float = 60.0, **facts: object) -> dict:
    """A row of ``step_clock``, done after ``seconds``; started with the case's receipt unless told when it ended."""
    ended = facts.pop("ended_at", None)
    started = case["received_at"] if ended is None else ended - timedelta(seconds=seconds)
    values = {
        "id": new_id(MONDAY),
        "case_id": case["id"],
        "step": step,
        "cycle": next(_numbers),
        "department": case["department"],
        "account": case["account"],
        "network": case["network"],
        "route": "1",
        "language": case["language"],
        "member": None,
        "started_at": started,
        "due_at": None,
        "ended_at": ended or started + timedelta(seconds=seconds),
        "outcome": StepOutcome.DONE,
        "wall_seconds": seconds,
        "business_seconds": seconds,
        "rolled_up_at": None,
    }
    assert set(facts) <= set(values), set(facts) - set(values)
    return values | facts


def a_running_step(case: dict, step: Step, *, started_at: datetime, due_at: datetime | None, **facts: object) -> dict:
    """A row of ``step_clock`` that has not ended."""
    row = a_step(case, step, started_at=started_at, due_at=due_at, **facts)
    return row | {"ended_at": None, "outcome": None, "wall_seconds": None, "business_seconds": None}


async def store(database: Database, cases: list[dict], steps: list[dict]) -> None:
    """Insert rows, with the customer and the policy that they speak of."""
    async with database.begin() as tx:
        connection = await tx.session.connection()
        if await tx.cases.policy("digest") is None:
            author = {"id": "author", "network": "plain", "external_id": "1", "name": "Ada", "handle": "ada"}
            await connection.execute(insert(table(Author)), [author | {"first_seen_at": MONDAY}])
            policy = {"digest": "digest", "name": "standard", "content": {}, "first_used_at": MONDAY}
            await connection.execute(insert(table(PolicySnapshot)), [policy])
        if cases:
            await connection.execute(insert(table(Case)), cases)
        if steps:
            await connection.execute(insert(table(StepClock)), steps)
