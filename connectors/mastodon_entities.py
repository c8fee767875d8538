"""What a server of Mastodon's API says, as far as it is used; untrusted until it has passed these models."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from escalation.ports import Media, Posted
from models.vocabulary import Visibility

TO_NETWORK: Final[Mapping[Visibility, str]] = {
    Visibility.PUBLIC: "public",
    Visibility.UNLISTED: "unlisted",
    Visibility.FOLLOWERS: "private",
    Visibility.PRIVATE: "direct",
}
FROM_NETWORK: Final[Mapping[str, Visibility]] = {word: visibility for visibility, word in TO_NETWORK.items()}
_MEDIA: Final[Mapping[str, Any]] = {"image": "image", "video": "video", "gifv": "video", "audio": "audio"}


def _aware(moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


Id = Annotated[str, Field(min_length=1, max_length=500)]
Moment = Annotated[datetime, AfterValidator(_aware)]
Words = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class Entity(BaseModel):
    """What the server says, as far as it is used: https://docs.joinmastodon.org/entities/."""

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)


class Account(Entity):
    """Somebody with an account: https://docs.joinmastodon.org/entities/Account/."""

    id: Id
    acct: Id
    username: Words = ""
    display_name: Words = ""
    url: Words = ""
    avatar: Words = ""
    followers_count: int | None = None
    bot: bool | None = None


class Mention(Entity):
    """Who is named in a post: https://docs.joinmastodon.org/entities/Status/#Mention."""

    id: Id
    acct: Words = ""
    username: Words = ""
    url: Words = ""


class Attachment(Entity):
    """A picture or film: https://docs.joinmastodon.org/entities/MediaAttachment/."""

    type: Words = ""
    url: Words = ""
    remote_url: Words = ""
    preview_url: Words = ""
    description: str | None = None


class Status(Entity):
    """A post: https://docs.joinmastodon.org/entities/Status/."""

    id: Id
    created_at: Moment
    account: Account
    content: Words = ""
    spoiler_text: Words = ""
    visibility: Words = ""
    edited_at: Moment | None = None
    in_reply_to_id: str | None = None
    in_reply_to_account_id: str | None = None
    language: str | None = None
    url: Words = ""
    uri: Words = ""
    media_attachments: tuple[Attachment, ...] = ()
    mentions: tuple[Mention, ...] = ()


class Notification(Entity):
    """A piece of news: https://docs.joinmastodon.org/entities/Notification/."""

    id: Id
    type: str
    created_at: Moment
    status: Status | None = None


class Made(Entity):
    """The answer to a new post; the less is asked of it, the fewer outcomes are unknown."""

    id: Id
    url: Words = ""
    uri: Words = ""
    in_reply_to_id: str | None = None
    visibility: Words = ""


def _readable(values: Any) -> Any:
    """Leave out what is no status: one odd post in a long conversation must not hide the rest."""
    if not isinstance(values, list):
        return values
    return [one for one in values if _is_status(one)]


def _is_status(value: Any) -> bool:
    try:
        Status.model_validate(value)
    except ValidationError:
        return False
    return True


Statuses = Annotated[tuple[Status, ...], BeforeValidator(_readable)]


class Context(Entity):
    """The posts above and below one; both must be told, as their absence would read as "there is none"."""

    ancestors: Statuses
    descendants: Statuses


ACCOUNT: Final = TypeAdapter(Account)
CONTEXT: Final = TypeAdapter(Context)
LIST: Final = TypeAdapter(list[Any])
MADE: Final = TypeAdapter(Made)
OBJECT: Final = TypeAdapter(dict[str, Any])
STATUS: Final = TypeAdapter(Status)
STATUSES: Final[TypeAdapter[tuple[Status, ...]]] = TypeAdapter(Statuses)


def web_address(address: str) -> str | None:
    """Return an address only if it leads to the web; it will be a link on cards."""
    return address if address.startswith(("https://", "http://")) else None


def media(status: Status) -> tuple[Media, ...]:
    """Return pictures and films that can be opened."""
    found = (
        (one, web_address(one.url) or web_address(one.remote_url) or web_address(one.preview_url))
        for one in status.media_attachments
    )
    return tuple(Media(_MEDIA.get(one.type, "file"), where, one.description) for one, where in found if where)


def posted(made: Made | Status) -> Posted:
    """Return where a post of ours stands."""
    return Posted(made.id, web_address(made.url) or web_address(made.uri))
