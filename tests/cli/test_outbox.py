"""``outbox list``, ``retry``, ``park`` and ``confirm``."""

import json

import pytest

from escalation import commands as c
from escalation.desk import Desk
from models.vocabulary import EffectKind, EffectState
from tests.cli.office import CONFIGURATION, Office

FIELDS = {"id", "case", "kind", "state", "target", "attempts", "reason", "not_before"}


def state_of(office: Office, effect: str) -> str:
    rows = json.loads(office.command("outbox", "list", "--json").stdout)
    return next(row["state"] for row in rows if row["id"] == effect)


def test_list_has_the_fields_of_the_contract(working: Office):
    case, reply = working.approved_reply()
    rows = json.loads(working.command("outbox", "list", "--json").stdout)
    assert all(set(row) >= FIELDS for row in rows)
    found = next(row for row in rows if row["id"] == reply)
    assert (found["case"], found["kind"], found["state"], found["target"]) == (case, "reply", "ready", "network")
    assert found["attempts"] == 0
    assert found["not_before"].endswith("+00:00")
    only = json.loads(working.command("outbox", "list", "--json", "--state", "sent").stdout)
    assert only == []


def test_a_parked_card_is_tried_again_and_its_channel_counts_as_mended(working: Office):
    card = working.effect(working.arrive(), EffectKind.CARD)
    working.put_in_state(card, EffectState.PARKED, reason="not_in_channel")

    async def break_down(desk: Desk) -> None:
        async with desk.storage.begin() as tx:
            pace = (await tx.outbox.get(card)).pace
            assert await tx.outbox.break_down(pace, problem="revoked", at=desk.clock.now(), until=desk.clock.now())

    working.within(break_down)
    retried = working.command("outbox", "retry", card)
    assert retried.exit_code == 0, retried.output
    assert "It will be tried at once." in retried.stdout
    assert "counts as mended" in retried.stdout
    assert state_of(working, card) == "ready"


def test_a_refused_chat_message_is_tried_again(working: Office):
    card = working.effect(working.arrive(), EffectKind.CARD)
    working.put_in_state(card, EffectState.REFUSED)
    assert working.command("outbox", "retry", card).exit_code == 0
    assert state_of(working, card) == "ready"


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (EffectState.NEEDS_CHECK, "It is there"),
        (EffectState.REFUSED, "back in review"),
        (EffectState.UNKNOWN, "looked into by itself"),
        (EffectState.SENDING, "being sent right now"),
        (EffectState.SENT, "settled"),
    ],
)
def test_a_reply_is_never_resent_blindly(working: Office, state: EffectState, sentence: str):
    _, reply = working.approved_reply()
    working.put_in_state(reply, state)
    refused = working.command("outbox", "retry", reply)
    assert refused.exit_code == 1
    assert sentence in refused.stderr
    assert state_of(working, reply) == state.value


def test_a_parked_reply_waits_until_it_is_let_go(working: Office):
    _, reply = working.approved_reply()
    parked = working.command("outbox", "park", reply)
    assert parked.exit_code == 0, parked.output
    assert state_of(working, reply) == "parked"
    assert working.command("outbox", "park", reply).exit_code == 1
    assert working.command("outbox", "retry", reply).exit_code == 0
    assert state_of(working, reply) == "ready"


def test_a_parked_reply_that_the_customer_overtook_does_not_leave(working: Office):
    case, reply = working.approved_reply()
    assert working.command("outbox", "park", reply).exit_code == 0

    async def write_again(desk: Desk) -> None:
        file = await desk.file(case)
        await desk.handle(case, c.CustomerEdited(file.mention.id), actor="portavoce")

    working.within(write_again)
    retried = working.command("outbox", "retry", reply)
    assert retried.exit_code == 0, retried.output
    assert "the answer waits for approval again" in retried.stdout
    assert state_of(working, reply) == "cancelled"
    assert json.loads(working.command("case", "show", case, "--json").stdout)["state"] == "in_review"


def test_a_person_says_what_became_of_a_reply(working: Office):
    case, reply = working.approved_reply()
    working.put_in_state(reply, EffectState.NEEDS_CHECK)
    working.order(case, c.CheckNeeded("timeout"))
    assert working.command("outbox", "confirm", reply).exit_code == 2
    refused = working.command("outbox", "confirm", reply, "--posted", "--as", "anna")
    assert refused.exit_code == 1
    assert "approver" in refused.stderr
    assert working.command("outbox", "confirm", reply, "--posted").exit_code == 0
    assert state_of(working, reply) == "sent"
    assert json.loads(working.command("case", "show", case, "--json").stdout)["state"] == "answered"


def test_a_reply_that_is_not_there_is_sent_again(working: Office):
    case, reply = working.approved_reply()
    working.put_in_state(reply, EffectState.NEEDS_CHECK)
    working.order(case, c.CheckNeeded("timeout"))
    said = working.command("outbox", "confirm", reply, "--not-posted", "--as", "carla")
    assert said.exit_code == 0, said.output
    assert "sent again" in said.stdout
    assert state_of(working, reply) == "ready"


def test_an_account_that_left_the_configuration_is_a_sentence(working: Office):
    case, reply = working.approved_reply()
    kept, _, rest = CONFIGURATION.partition("[accounts.network]")
    working.write(f"{kept}[accounts.contact]{rest.partition('[accounts.contact]')[2]}")
    assert working.command("case", "show", case).exit_code == 0
    assert working.command("case", "explain", case).exit_code == 0
    working.put_in_state(reply, EffectState.NEEDS_CHECK)
    refused = working.command("outbox", "confirm", reply, "--posted")
    assert refused.exit_code == 1
    assert "account network is not in the configuration" in refused.stderr


def test_an_unknown_effect_is_a_sentence(working: Office):
    for act in (("retry",), ("park",), ("confirm", "--posted")):
        refused = working.command("outbox", act[0], "nobody", *act[1:])
        assert refused.exit_code == 1
        assert "there is no effect “nobody”" in refused.stderr
