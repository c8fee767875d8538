"""The built-in contact form, as a network: customers write on `/forms/{account}` and read on their conversation page.

Intake is the page itself (``bots.forms``); a reply is published by being part of the conversation, so posting has no
outside that could fail or double. Every conversation is private.

A company embeds the form in its own site with::

    [accounts.contact]
    connector = "form"
    embed_on = ["https://www.acme.example"]

    <iframe src="https://portavoce.acme.example/forms/contact?embed=1" title="Contact Acme"
            style="border: 0; width: 100%; height: 48rem"></iframe>
"""

import re
from ipaddress import ip_network
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field

from connectors.base import ConnectorSettings
from escalation.language import say
from escalation.ports import Capabilities, Clock, OutgoingReply, Posted, PostFacts, Rejected
from escalation.quantities import Duration, Rate
from models.vocabulary import Idempotency, Visibility

MESSAGE_LIMIT: Final = 10_000
"""The most characters (Unicode code points; a line end counts one) of one message, in either direction."""

_ORIGIN: Final = re.compile(r"https?://(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?")


def message_length(text: str) -> int:
    """Count the characters of a message; browsers send a line end as two, people see one."""
    return len(text.replace("\r\n", "\n"))


def _origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text):
        raise ValueError(f'"{text}" is not a site; write only its beginning, such as "https://www.acme.example"')
    return text


def _proxy(text: str) -> str:
    try:
        ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f'"{text}" is not an IP address or network; write "10.0.0.7" or "10.0.0.0/8"') from None
    return text


class Settings(ConnectorSettings):
    """The keys of an account whose connector is ``form``."""

    rate_limit: Rate = Field(
        default=Rate(10, 60),
        description='How many messages one client address may send, such as "10/min"; "off" for no limit.',
    )
    email_required: Annotated[bool, Field(strict=True)] = Field(
        default=True, description="Whether a customer must leave an e-mail address."
    )
    minimum_fill: Duration = Field(
        default=0,
        description='A page sent back sooner than this after it was shown is asked to be sent again; "0s" for never.',
    )
    embed_on: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(
        default=(), description='Sites that may show the form in a frame, such as "https://www.acme.example".'
    )
    trusted_proxies: tuple[Annotated[str, AfterValidator(_proxy)], ...] = Field(
        default=(), description="Addresses of our own reverse proxies, whose X-Forwarded-For is believed."
    )


class FormConnector:
    """One contact form."""

    name: ClassVar[str] = "form"
    label: ClassVar[str] = "Contact form"
    settings_model: ClassVar[type[ConnectorSettings]] = Settings
    capabilities: ClassVar[Capabilities] = Capabilities(
        ingest=frozenset({"page"}),
        idempotency=Idempotency.NATIVE,
        limit=MESSAGE_LIMIT,
        unit="characters",
        visibilities=frozenset({Visibility.PRIVATE}),
    )

    def __init__(self, account: str, settings: Settings, *, clock: Clock, transport: object | None = None) -> None:
        """Keep the account's name and settings; there is no outside, so ``clock`` and ``transport`` go unused."""
        del clock, transport
        self.account = account
        self.settings = settings

    async def prepare(self) -> None:
        """Nothing to read: the limits are our own."""

    def count(self, text: str, *, to: PostFacts) -> int:
        """Return the number of characters, as the customer's own messages are counted."""
        del to
        return message_length(text)

    def address(self, to: PostFacts, visibility: Visibility) -> str:
        """Return nothing: the conversation has one reader."""
        del to, visibility
        return ""

    async def post(self, reply: OutgoingReply) -> Posted:
        """Accept the reply: once settled it stands on the conversation page. Its id is our key: a repeat is harmless.

        Raises:
            Rejected: the text is empty or too long, or the reply is not private.

        """
        if reply.visibility is not Visibility.PRIVATE:
            raise Rejected(
                "not_private", for_people=say("A contact form's conversation is private; a reply to it must be too.")
            )
        length = message_length(reply.text)
        if length > MESSAGE_LIMIT:
            raise Rejected(
                "too_long",
                for_people=say(
                    "The reply has {length} characters; a contact form shows {limit}.",
                    length=length,
                    limit=MESSAGE_LIMIT,
                ),
            )
        if not reply.text.strip():
            raise Rejected("empty", for_people=say("The reply is empty."))
        return Posted(external_id=reply.key, url=reply.to.url)

    async def close(self) -> None:
        """Nothing is open."""
