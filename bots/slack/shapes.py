"""The shapes of what Slack sends, as far as Bolt and the listeners rely on them; whatever else is there is let in.

Facts: docs.slack.dev/apis/events-api (callback field), /reference/interaction-payloads,
/interactivity/implementing-slash-commands.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, ValidationError

_Named = str | dict[str, Any] | None
"""A person, channel or workspace: its id, or an object with its id."""


class _Event(BaseModel):
    """What happened, inside an event callback: by far the most of what comes, so that little is asked of it."""

    type: str
    subtype: str | None = None
    user: _Named = None


class _EventCallback(BaseModel):
    event: _Event
    authorizations: list[dict[str, Any]] | None = None


class _View(BaseModel):
    type: str | None = None
    callback_id: str | None = None


class _Interaction(BaseModel):
    """A click, a dialog or a shortcut; also those that Slack may invent one day."""

    type: str
    user: _Named = None
    channel: _Named = None
    team: _Named = None
    enterprise: _Named = None
    message: dict[str, Any] | None = None
    view: _View | None = None
    container: dict[str, Any] | None = None
    response_urls: list[dict[str, Any]] = []


class _Action(BaseModel):
    action_id: str


class _BlockActions(_Interaction):
    actions: Annotated[list[_Action], Field(min_length=1)]


class _NamedView(_View):
    callback_id: str


class _SubmittedView(_NamedView):
    id: str
    type: str


class _ViewSubmission(_Interaction):
    view: _SubmittedView


class _ViewClosed(_Interaction):
    view: _NamedView


class _Shortcut(_Interaction):
    callback_id: str


class _Command(BaseModel):
    command: str
    user_id: str


class _CertificateCheck(BaseModel):
    ssl_check: str


_SHAPES: Final[Mapping[str, type[BaseModel]]] = {
    "event_callback": _EventCallback,
    "block_actions": _BlockActions,
    "view_submission": _ViewSubmission,
    "view_closed": _ViewClosed,
    "shortcut": _Shortcut,
    "message_action": _Shortcut,
}


def misshapen(document: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the shape of a document: names of Slack's fields, and no word of their contents."""
    try:
        _shape_of(document).model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['type']}"
    return None


def _shape_of(document: Mapping[str, Any]) -> type[BaseModel]:
    if "type" not in document:  # fields of a form
        return _CertificateCheck if "ssl_check" in document else _Command
    kind = document["type"]
    return _SHAPES.get(kind, _Interaction) if isinstance(kind, str) else _Interaction
