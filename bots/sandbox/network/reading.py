"""Reading requests: who asks, JSON bodies, times and numbers. Everything wrong is a refusal with a sentence."""

import json
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from bots.sandbox.network.errors import NetworkRefusal
from bots.sandbox.network.network import Network
from bots.sandbox.network.records import Account, AccountKind, Media, Visibility

ALT_LIMIT = 1_500  # characters of a picture's description
MEDIA_LIMIT = 4  # pictures of one post

AskedT = TypeVar("AskedT", bound=BaseModel)


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewMedia(_Asked):
    """A picture, described in words."""

    alt: str = Field(min_length=1, max_length=ALT_LIMIT)
    url: str | None = Field(default=None, max_length=2_000, pattern="^https?://")


class NewPost(_Asked):
    """A post as it is asked for."""

    text: str
    in_reply_to: str | None = None
    visibility: Visibility = "public"
    to: str | None = None
    media: list[NewMedia] = Field(default_factory=list, max_length=MEDIA_LIMIT)

    def pictures(self) -> list[Media]:
        """Return the pictures as the network keeps them."""
        return [Media(alt=one.alt, url=one.url) for one in self.media]


class NewText(_Asked):
    """A changed text."""

    text: str


class Seen(_Asked):
    """Up to which notification somebody has looked, by its id (``n12``)."""

    notification: str = Field(pattern="^n[0-9]{1,15}$")


class NewSubscription(_Asked):
    """Where to deliver and the secret that signs."""

    url: str
    secret: str


class NewAccount(_Asked):
    """An account to open; without a token one is made up."""

    handle: str
    name: str
    kind: AccountKind = "person"
    token: str | None = None
    followers: int = 0


async def json_body(request: Request) -> object:
    """Return the JSON body. Raises a 415 or 400 refusal."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NetworkRefusal(415, "not_json", "Send application/json.")
    try:
        asked: object = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise NetworkRefusal(400, "bad_json", "The body is not JSON in UTF-8.") from None
    return asked


def as_model(asked: object, model: type[AskedT]) -> AskedT:
    """Return what was asked as ``model``. Raises a 422 refusal that names the field."""
    try:
        return model.model_validate(asked)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in problem["loc"]) or "body"
        raise NetworkRefusal(422, "bad_field", f"{place}: {problem['msg']}") from None


async def read(request: Request, model: type[AskedT]) -> AskedT:
    """Return the JSON body as ``model``. Raises a 415, 400 or 422 refusal."""
    return as_model(await json_body(request), model)


def who(request: Request, network: Network) -> Account:
    """Return the account whose bearer token came. Raises a 401 refusal."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NetworkRefusal(401, "token_missing", "Send an Authorization header with a bearer token.")
    account = network.account_by_token(token.strip())
    request.state.account = account.handle
    return account


def moment(request: Request, name: str) -> datetime | None:
    """Return a time in the query as aware; ``None`` where it is not given. Raises a 422 refusal."""
    given = request.query_params.get(name)
    if given is None:
        return None
    try:
        read_time = datetime.fromisoformat(given)
    except ValueError:
        read_time = None
    if read_time is None or read_time.tzinfo is None:
        raise NetworkRefusal(422, "bad_time", f"{name} must be a time in ISO 8601 with its offset from UTC.")
    return read_time


def number(request: Request, name: str, *, default: int, most: int) -> int:
    """Return a positive number in the query, at most ``most``. Raises a 422 refusal."""
    given = request.query_params.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and int(given[:9]) >= 1):
        raise NetworkRefusal(422, "bad_number", f"{name} must be a whole number from 1.")
    return min(int(given[:9]), most)
