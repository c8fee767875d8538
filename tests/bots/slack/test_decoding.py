"""What colleagues type in Slack becomes plain text, exactly once; what is internal is refused by name."""

import time

import pytest

from bots.sandbox.workspace.typed_text import typed
from bots.slack.decoding import UnsayableError, from_markup, is_reply, plain_text, without_prefix
from tests.bots.hostile import corpus


def nobody(_: str) -> None:
    return None


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a &amp; b &lt; c &gt; d", "a & b < c > d"),
        ("&amp;lt;!channel&amp;gt;", "&lt;!channel&gt;"),
        ("see <https://acme.example/?a=1&amp;b=2>", "see https://acme.example/?a=1&b=2"),
        ("see <https://acme.example|our page>", "see https://acme.example"),
        ("<http://acme.example|acme.example>", "acme.example"),
        ("<mailto:help@acme.example|help@acme.example>", "help@acme.example"),
        ("<tel:+39021234|+39 02 1234>", "+39021234"),
        ("<!date^1392734382^Posted {date_num}|18 February>", "18 February"),
        (":tada: done", ":tada: done"),
        ("2 < 3", "2 < 3"),
    ],
)
def test_markup_is_decoded_once(markup: str, text: str) -> None:
    assert from_markup(markup, nobody) == text


@pytest.mark.parametrize(
    ("markup", "named"),
    [
        ("ask <@U0ANNA>", "@U0ANNA"),
        ("ask <@U0ANNA|anna>", "@anna"),
        ("in <#C0BILLING|billing>", "#billing"),
        ("in <#C0BILLING>", "#C0BILLING"),
        ("<!here>", "@here"),
        ("<!channel|channel>", "@channel"),
        ("<!subteam^S0COOKS|@cooks>", "@cooks"),
        ("<!subteam^S0COOKS>", "@S0COOKS"),
    ],
)
def test_what_is_internal_is_refused_by_name(markup: str, named: str) -> None:
    with pytest.raises(UnsayableError) as refused:
        from_markup(markup, nobody)
    assert str(refused.value.sentence) == f"{named} cannot be sent to a customer. Write a name instead."


def rich(*elements: dict[str, object]) -> dict[str, object]:
    return {"text": "not read", "blocks": [{"type": "rich_text", "elements": list(elements)}]}


def section(*elements: dict[str, object]) -> dict[str, object]:
    return {"type": "rich_text_section", "elements": list(elements)}


def test_rich_text_is_read_as_it_looks() -> None:
    message = rich(
        section(
            {"type": "text", "text": "Hello "},
            {"type": "text", "text": "you", "style": {"bold": True}},
            {"type": "emoji", "name": "family", "unicode": "1f468-200d-1f469"},
        ),
        {
            "type": "rich_text_list",
            "style": "ordered",
            "elements": [section({"type": "text", "text": "one"}), section({"type": "text", "text": "two"})],
        },
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [section({"type": "link", "url": "https://acme.example"})],
        },
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "code <b>"}]},
        section({"type": "emoji", "name": "acme-logo"}),
    )
    assert plain_text(message, nobody) == "Hello you👨‍👩\n1. one\n2. two\n• https://acme.example\ncode <b>\n:acme-logo:"


@pytest.mark.parametrize(
    ("element", "named"),
    [
        ({"type": "user", "user_id": "U1"}, "@Anna"),
        ({"type": "usergroup", "usergroup_id": "S1"}, "@S1"),
        ({"type": "channel", "channel_id": "C1"}, "#C1"),
        ({"type": "broadcast", "range": "everyone"}, "@everyone"),
    ],
)
def test_internal_elements_are_refused_by_name(element: dict[str, object], named: str) -> None:
    with pytest.raises(UnsayableError) as refused:
        plain_text(rich(section(element)), lambda wanted: "Anna" if wanted == "U1" else None)
    assert str(refused.value.sentence).startswith(f"{named} cannot be sent")


def test_what_is_typed_is_what_the_customer_reads() -> None:
    """Through Slack's own encoding, by blocks and by text alone, and back."""
    for text in (text for text in corpus() if len(text) < 5_000):
        encoded = typed(text, picked={})
        assert plain_text({"text": encoded.text, "blocks": encoded.blocks}, nobody) == text
        if "|" not in text:  # in the markup alone a bar inside an address cannot be told from a label
            assert plain_text({"text": encoded.text}, nobody) == text


@pytest.mark.parametrize("text", ["reply: a", "Reply: a", "REPLY:a", "  reply:  a", "reply:\na"])
def test_the_prefix(text: str) -> None:
    assert is_reply(text)
    assert without_prefix(text) == "a"


@pytest.mark.parametrize("text", ["replying: a", "my reply: a", "reply a", "", "re: ply"])
def test_no_prefix(text: str) -> None:
    assert not is_reply(text)
    assert without_prefix(text) == text


@pytest.mark.parametrize(
    "text", ["<" * 100_000, "<a" * 50_000, "&lt;" * 30_000, "<@" + "a" * 100_000, "&amp" * 30_000, "reply:" * 20_000]
)
def test_hostile_markup_is_decoded_in_no_time(text: str) -> None:
    started = time.process_time()
    from_markup(text, nobody)
    assert time.process_time() - started < 0.5
