"""``freeze`` and ``release``."""

import json

import pytest

from tests.cli.office import CONFIGURATION, Office


def test_the_only_approver_freezes_and_releases(working: Office):
    frozen = working.command("freeze", "acme", "--json")
    assert frozen.exit_code == 0, frozen.output
    assert json.loads(frozen.stdout)["frozen"] == ["acme"]
    again = working.command("freeze", "acme")
    assert again.exit_code == 0
    assert "frozen already, by Carla Bianchi" in again.stdout
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


def test_of_several_approvers_one_must_be_named(working: Office):
    working.write(CONFIGURATION.replace('approvers = ["carla"]', 'approvers = ["carla", "marta"]'))
    refused = working.command("freeze")
    assert refused.exit_code == 2
    assert "--as carla or --as marta" in refused.stderr
    assert working.command("freeze", "--as", "marta").exit_code == 0
