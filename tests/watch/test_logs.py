"""Logs hold neither secrets nor what people wrote, whoever writes them; one line is one event."""

import json
import logging
from io import StringIO

import pytest
import structlog
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from bots.telemetry import set_up_logs
from models.database import Database
from models.mention import Author
from models.store.statements import table

PLANTED = "my card number is 4711"


@pytest.fixture
def log() -> StringIO:
    stream = StringIO()
    set_up_logs(json=True, stream=stream)
    return stream


def lines(log: StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


async def test_an_error_of_the_database_does_not_tell_what_was_to_be_written(database: Database, log: StringIO):
    async with database.begin() as tx:
        connection = await tx.session.connection()
        row = {"id": "1", "network": "plain", "external_id": "1", "handle": "ada", "name": PLANTED}
        row |= {"first_seen_at": None}  # PostgreSQL quotes a row that lacks something as a whole
        try:
            async with connection.begin_nested():
                await connection.execute(insert(table(Author)).values(row))
        except IntegrityError:
            structlog.get_logger().exception("poll failed", account="acme")
    [told] = lines(log)
    assert told["event"] == "poll failed"
    assert told["exception"].endswith(
        "sqlite3.IntegrityError" if database.is_sqlite else "psycopg.errors.NotNullViolation"
    )
    assert PLANTED not in log.getvalue()


def test_what_libraries_log_is_one_redacted_line_too(log: StringIO):
    logging.getLogger("some.vendor").warning("refused\nforged=1 %s", "xoxb-1-secret")
    try:
        int("Bearer abcdef")
    except ValueError:
        logging.getLogger("some.vendor").exception("broke")
    first, second = lines(log)
    assert (first["event"], first["level"], first["logger"]) == ("refused forged=1 [secret]", "warning", "some.vendor")
    assert second["event"] == "broke"
    assert second["exception"].endswith("builtins.ValueError")
    assert "abcdef" not in log.getvalue()


def test_a_log_that_is_closed_stops_no_work():
    stream = StringIO()
    set_up_logs(json=True, stream=stream)
    stream.close()
    structlog.get_logger().warning("nobody reads this")
    logging.getLogger("some.vendor").warning("nor this")
