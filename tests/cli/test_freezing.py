"""``freeze`` and ``release``."""

import json

import pytest

from tests.cli.office import Office


def test_whoever_has_the_command_line_freezes_and_releases(working: Office):
    frozen = working.command("freeze", "acme", "--json")
    assert frozen.exit_code == 0, frozen.output
    assert json.loads(frozen.stdout)["frozen"] == ["acme"]
    again = working.command("freeze", "acme")
    assert again.exit_code == 0
    assert "frozen already, by command line" in again.stdout
    released = working.command("release", "acme")
    assert released.exit_code == 0
    assert "Released: acme" in released.stdout
    assert working.command("release", "acme").exit_code == 1


def test_without_a_name_everything_is_frozen(working: Office):
    assert "Frozen: everything" in working.command("freeze", "--as", "marta").stdout


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("freeze", "--as", "anna"), 1, "Only approvers and managers"),
        (("freeze", "acmee"), 1, "There is no brand or account “acmee”"),
        (("release", "--as", "nobody"), 2, "there is no member “nobody”"),
    ],
)
def test_refusals_are_sentences(working: Office, words: tuple[str, ...], code: int, sentence: str):
    refused = working.command(*words)
    assert refused.exit_code == code
    assert sentence in refused.stderr


def test_a_freeze_bears_the_name_that_was_given(working: Office):
    assert working.command("freeze", "--as", "marta").exit_code == 0
    assert "by Marta" in working.command("freeze").stdout
