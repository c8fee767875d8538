"""The contact form as a network: its own settings, and the rules every connector keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError
from starlette.applications import Starlette

from connectors.form import FormConnector, Settings
from escalation.ports import Arrived, AuthorFacts, Connector, OutgoingReply, Posted, PostFacts, Rejected
from escalation.quantities import Rate
from models.vocabulary import Idempotency, NetworkAct, Visibility
from tests.clock import TestClock
from tests.connectors.contract import ConnectorContract
from tests.connectors.fake_network import FakeNetwork, Standing

PAGE_ONLY = "customers write on our own page, which tests/bots/forms proves; nothing arrives through the connector"
KEPT = "what a customer wrote on the form stays: they cannot delete it"


@dataclass(frozen=True)
class _Written:
    text: str
    at: datetime


class ConversationPages(FakeNetwork):
    """The product's own part: messages that came by the page, and replies that stand once the courier settled them."""

    def __init__(self, clock: TestClock) -> None:
        super().__init__(clock, Starlette())
        self.written: dict[str, _Written] = {}
        self.settled: dict[str, Standing] = {}

    def customer_writes(
        self, text: str, *, visibility: Visibility = Visibility.PUBLIC, parent_id: str | None = None
    ) -> str:
        identity = f"message-{len(self.written) + 1}"
        self.written[identity] = _Written(text, self.clock.now())
        return identity

    def customer_edits(self, external_id: str, text: str) -> None:
        raise AssertionError(KEPT)

    def customer_deletes(self, external_id: str) -> None:
        raise AssertionError(KEPT)

    def settle(self, reply: OutgoingReply, posted: Posted) -> None:
        standing = Standing(posted.external_id, reply.text, reply.visibility, reply.to.external_id)
        self.settled.setdefault(posted.external_id, standing)

    def standing(self) -> Sequence[Standing]:
        return list(self.settled.values())

    def we_write(self, text: str, *, parent_id: str | None = None) -> str:
        raise AssertionError("no other program writes here")

    def acts(self) -> Sequence[tuple[NetworkAct, str]]:
        return []

    def token_dies(self) -> None:
        raise AssertionError("there is no token")


class Courier(FormConnector):
    """Post, and settle as the courier does: what was accepted stands on the page."""

    pages: ConversationPages

    async def post(self, reply: OutgoingReply) -> Posted:
        posted = await super().post(reply)
        self.pages.settle(reply, posted)
        return posted


class TestFormContract(ConnectorContract):
    connector_class: ClassVar[type[Any]] = FormConnector
    exempt: ClassVar[Mapping[str, str]] = {
        "recorded payloads become the arrivals written beside them": PAGE_ONLY,
        "a reply to a post that is gone is Gone": KEPT,
        "the same key twice is one reply": "no wire lies between, so no answer is lost; see test_key_is_the_id",
    }

    def make_network(self, clock: TestClock) -> ConversationPages:
        return ConversationPages(clock)

    def make_connector(self, network: FakeNetwork) -> Courier:
        assert isinstance(network, ConversationPages)
        courier = Courier("contact", Settings(), clock=network.clock)
        courier.pages = network
        return courier

    async def receive(self, network: FakeNetwork, connector: Any, external_id: str) -> Arrived:
        assert isinstance(network, ConversationPages)
        written = network.written[external_id]
        return Arrived(
            external_id=external_id,
            thread_id="token",
            author=AuthorFacts(external_id="ada@example.org", name="Ada Jones", handle="ada@example.org"),
            text=written.text,
            visibility=Visibility.PRIVATE,
            posted_at=written.at,
            url="https://portavoce.acme.example/forms/contact/token",
        )

    async def test_key_is_the_id(self, network: FakeNetwork, connector: Any, to: PostFacts) -> None:
        first = await connector.post(self.reply(connector, to, key="key-1"))
        again = await self.make_connector(network).post(self.reply(connector, to, key="key-1"))
        other = await connector.post(self.reply(connector, to, key="key-2"))

        assert first == again == Posted("key-1", url="https://portavoce.acme.example/forms/contact/token")
        assert other.external_id == "key-2"
        assert [one.external_id for one in network.standing()] == ["key-1", "key-2"]

    async def test_empty_reply_is_refused(self, connector: Any, to: PostFacts) -> None:
        for text in ("", " \n\t"):
            with pytest.raises(Rejected) as caught:
                await connector.post(replace(self.reply(connector, to), text=text))
            assert caught.value.for_people is not None


def test_it_is_a_connector(clock: TestClock) -> None:
    connector: Connector = FormConnector("contact", Settings(), clock=clock)
    assert connector.name == "form"
    assert connector.capabilities.idempotency is Idempotency.NATIVE
    assert connector.capabilities.key_lifetime is None
    assert connector.capabilities.visibilities == {Visibility.PRIVATE}


def test_a_line_end_counts_once(clock: TestClock) -> None:
    connector = FormConnector("contact", Settings(), clock=clock)
    nowhere: Any = None
    assert connector.count("a\r\nb\nc", to=nowhere) == 5


def test_usual_settings() -> None:
    settings = Settings()
    assert settings.rate_limit == Rate(10, 60)
    assert settings.email_required is True
    assert settings.minimum_fill == 0
    assert settings.embed_on == ()
    assert settings.trusted_proxies == ()


def test_settings_as_written() -> None:
    settings = Settings.model_validate(
        {
            "rate_limit": "off",
            "email_required": False,
            "minimum_fill": "3s",
            "embed_on": ["https://www.acme.example", "http://localhost:8080", "https://*.acme.example"],
            "trusted_proxies": ["10.0.0.0/8", "::1", "192.0.2.5"],
        }
    )
    assert not settings.rate_limit.limited
    assert settings.minimum_fill == 3
    assert len(settings.embed_on) == 3
    assert len(settings.trusted_proxies) == 3


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("rate_limit", "ten a minute", "10/min"),
        ("rate_limit", "0/min", "10/min"),
        ("email_required", "no", "boolean"),
        ("minimum_fill", 3, '"3s"'),
        ("embed_on", ["www.acme.example"], "write only its beginning"),
        ("embed_on", ["https://www.acme.example/contact"], "write only its beginning"),
        ("embed_on", ["https://acme.example; script-src *"], "write only its beginning"),
        ("embed_on", ["https://acme.example\nX-Header: 1"], "write only its beginning"),
        ("embed_on", ["*"], "write only its beginning"),
        ("trusted_proxies", ["proxy.acme.example"], "is not an IP address"),
        ("trusted_proxies", ["10.0.0.0/99"], "is not an IP address"),
    ],
)
def test_wrong_settings_are_told_with_the_right_form(key: str, value: Any, sentence: str) -> None:
    with pytest.raises(ValidationError, match=key) as caught:
        Settings.model_validate({key: value})
    assert sentence in str(caught.value)
