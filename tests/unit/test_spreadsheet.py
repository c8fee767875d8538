"""Tables for spreadsheets."""

import csv
import io
from datetime import UTC, datetime

import pytest

from bots.spreadsheet import csv_text


def cell_of(value: object) -> str:
    return next(csv.reader(io.StringIO(csv_text(["only"], [[value]]).partition("\r\n")[2], newline="")))[0]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\0=1",
        "  =1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff201",
        "--",
        "- ",
    ],
)
def test_what_begins_like_a_formula_gets_an_apostrophe(text: str):
    assert cell_of(text).startswith("'")
    assert cell_of(text).removeprefix("'").replace("'", "") == text


@pytest.mark.parametrize("text", ["a;=1", "a|+1", "a\t@x", "a\n=1", "a, -1"])
def test_nor_is_anything_a_formula_for_who_splits_elsewhere(text: str):
    written = cell_of(text)
    assert written.replace("'", "") == text
    assert "'" in written


@pytest.mark.parametrize(
    "text", ["billing", 'Ada, "the" O\'Hara', "a=b", "1-09", "two\nlines", "", "più", "a - b", "-"]
)
def test_other_text_comes_back_as_it_was(text: str):
    assert cell_of(text) == text


def test_numbers_and_times_are_no_text():
    assert cell_of(-1.5) == "-1.5"
    assert cell_of(datetime(2026, 3, 2, 9, tzinfo=UTC)) == "2026-03-02T09:00:00+00:00"
    assert csv_text(["a", "b"], [[None, 3]]) == "a,b\r\n,3\r\n"
