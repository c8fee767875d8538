"""Rows written together come back as they were given, on both databases, whatever is in them."""

from typing import Any

import pytest

from models.case import Case, PolicySnapshot
from models.columns import new_id
from models.database import Database
from models.mention import Author, Inbound, Mention
from models.store.many_rows import change_all, insert_all, insert_new
from models.store.statements import table
from models.store.writes import Writes
from models.vocabulary import CaseState, Priority, Visibility
from tests.clock import MONDAY
from tests.house import House

WORDS = ("plain", 'quo"ted', "back\\slash", "{braces}, NULL", "", "Ünïcode 🦜 \u202e", "line\nand\ttab", "[1, null]")
DOCUMENTS: tuple[Any, ...] = (None, [], {}, ["a", ["b"]], {"null": None, "deep": {"list": [1, 2.5, True]}}, "null", 0)


async def stored(database: Database, model: Any) -> dict[str, dict[str, Any]]:
    async with database.read() as tx:
        rows = (await (await tx.session.connection()).execute(table(model).select())).mappings()
        return {row["id" if "id" in row else "key"]: dict(row) for row in rows}


def an_author(number: int, **facts: Any) -> dict[str, Any]:
    author = Author(
        id=f"author{number}",
        network="plain",
        external_id=str(number),
        name=WORDS[number],
        handle="h",
        first_seen_at=MONDAY,
    )
    return {column.name: getattr(author, column.name) for column in table(Author).columns} | facts


def a_case(number: int) -> dict[str, Any]:
    case = Case(
        id=new_id(MONDAY), account="acme", network="plain", thread_id=str(number), author_id="author0",
        state=CaseState.WAITING_ANSWER, visibility=Visibility.PUBLIC, priority=Priority.NORMAL, department="billing",
        route=DOCUMENTS[number], policy="standard", policy_digest="", posted_at=MONDAY, received_at=MONDAY,
        last_at=MONDAY, subject=WORDS[number], notice=DOCUMENTS[number],
    )  # fmt: skip
    return {column.name: getattr(case, column.name) for column in table(Case).columns}


async def test_texts_documents_moments_and_words_come_back_as_they_were(database: Database):
    authors = [an_author(number) for number in range(len(WORDS))]
    cases = [a_case(number) for number in range(len(DOCUMENTS))]
    async with database.begin() as tx:
        await insert_all(tx.session, Author, authors)
        policies = [{"digest": "", "name": "standard", "content": {}, "first_used_at": MONDAY}]
        await insert_all(tx.session, PolicySnapshot, policies)
        await insert_all(tx.session, Case, cases)
    assert await stored(database, Author) == {row["id"]: row for row in authors}
    assert await stored(database, Case) == {row["id"]: row for row in cases}


async def test_bytes_come_back_as_they_were_and_only_new_ones_are_told(database: Database):
    rows = [
        {
            "key": f"k{number}",
            "source": "slack",
            "account": "",
            "body": body,
            "received_at": MONDAY,
            "handled_at": None,
            "attempts": 0,
        }
        for number, body in enumerate([b"", bytes(range(256)), b"\\x00", "€".encode()])
    ]
    async with database.begin() as tx:
        assert await insert_new(tx.session, Inbound, rows[:2]) == {"k0", "k1"}
        assert await insert_new(tx.session, Inbound, rows) == {"k2", "k3"}
    found = await stored(database, Inbound)
    assert {key: bytes(row["body"]) for key, row in found.items()} == {row["key"]: row["body"] for row in rows}


async def test_repeats_are_left_out_where_that_is_asked_for(database: Database):
    async with database.begin() as tx:
        await insert_all(tx.session, Author, [an_author(0)])
        await insert_all(tx.session, Author, [an_author(0, name="other"), an_author(1)], ignore_repeats=True)
    assert {key: row["name"] for key, row in (await stored(database, Author)).items()} == {
        "author0": WORDS[0],
        "author1": WORDS[1],
    }


@pytest.mark.parametrize("number", [1, len(WORDS)])
async def test_changes_are_those_of_each_row_and_the_last_of_one_row_stands(database: Database, number: int):
    authors = [an_author(n) for n in range(len(WORDS))]
    async with database.begin() as tx:
        await insert_all(tx.session, Author, authors)
    async with database.begin() as tx:
        writes = Writes()
        for n in range(number):
            writes.change(Author, f"author{n}", {"name": "before", "handle": ""})
        for n in range(number):
            writes.change(Author, f"author{n}", {"name": WORDS[-1 - n], "handle": "after"})
        await writes.flush(tx.session)
    expected = {row["id"]: dict(row) for row in authors}
    for n in range(number):
        expected[f"author{n}"] |= {"name": WORDS[-1 - n], "handle": "after"}
    assert await stored(database, Author) == expected


async def test_a_document_that_is_nothing_may_be_set(house: House):
    case_id, other = await house.arrive(), await house.arrive("Another")
    async with house.database.begin() as tx:
        notices = [{"_key": case_id, "notice": None}, {"_key": other, "notice": ["it", None]}]
        await change_all(tx.session, Case, notices)
    found = await stored(house.database, Case)
    assert (found[case_id]["notice"], found[other]["notice"]) == (None, ["it", None])
    assert len(await stored(house.database, Mention)) == 2
