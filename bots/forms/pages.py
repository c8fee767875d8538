"""The pages themselves: templates, the one stylesheet, and the headers that keep them private and harmless."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final, Literal
from urllib.parse import urlencode

from babel.dates import format_datetime
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from bots.forms.fields import TRAP, Typed
from bots.forms.tokens import new_page_token
from bots.forms.wording import WORDS, Words
from connectors.form import MESSAGE_LIMIT
from escalation.conversations import Conversation, Line


def _own_file(name: str) -> tuple[str, str]:
    """Return a file's text and how the policy names it."""
    text = files("bots.forms").joinpath("templates", name).read_text("utf-8")
    return text, f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_STYLE, _STYLE_HASH = _own_file("form.css")
_SCRIPT, _SCRIPT_HASH = _own_file("conversation.js")

TemplateName = Literal["form.html", "conversation.html", "refusal.html"]


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bots.forms"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)  # read now, so that no request waits for the disk
    return environment


_ENVIRONMENT: Final = _environment()


@dataclass(frozen=True)
class Look:
    """How a page is shown: in which language, on its own or in a frame of one of ``embed_on``, and by whom (``brand``).

    ``query`` is what following pages need to look the same; ``path`` is this page's own path.
    """

    words: Words
    brand: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    embed: bool = False
    embed_on: Sequence[str] = ()

    def address(self, path: str, **more: str) -> str:
        """Return ``path`` with the query that keeps this look."""
        query = urlencode({**self.query, **more})
        return f"{path}?{query}" if query else path


@dataclass(frozen=True)
class Trouble:
    """Why a page is shown again: one sentence, or one for each field; with the status and headers of the answer.

    ``reason``: the same in a word of ours, for the log.
    """

    status: int
    reason: str
    sentence: str
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def private_headers(embed_on: Sequence[str] = (), *, hidden: bool, live: bool = False) -> dict[str, str]:
    """Return the headers of every answer; ``hidden`` keeps it out of search engines, ``live`` lets our script run."""
    script = f"script-src {_SCRIPT_HASH}; connect-src 'self'; " if live else ""
    headers = {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept, Accept-Language",
        "Content-Security-Policy": (
            f"default-src 'none'; style-src {_STYLE_HASH}; {script}form-action 'self'; base-uri 'none'; "
            f"frame-ancestors {' '.join(embed_on) or chr(39) + 'none' + chr(39)}"
        ),
    }
    if not embed_on:
        headers["X-Frame-Options"] = "DENY"
    if hidden:
        headers["X-Robots-Tag"] = "noindex"
    return headers


def utc_text(at: datetime) -> str:
    """Return a moment as ISO 8601 in UTC (``2026-11-21T09:15:00Z``)."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def form_page(
    look: Look,
    *,
    now: datetime,
    email_required: bool,
    typed: Typed | None = None,
    token: str = "",
    trouble: Trouble | None = None,
) -> HTMLResponse:
    """Return the empty form, or with ``trouble`` the form with what was typed, and under ``token`` again."""
    return _page(
        "form.html",
        look,
        trouble,
        hidden=False,
        title=look.words.form_title.format(brand=look.brand),
        typed=typed or Typed(),
        token=token or new_page_token(now),
        trap=TRAP,
        email_required=email_required,
        message_hint=_message_hint(look.words),
        languages=[
            {
                "code": words.language,
                "name": words.name_of_language,
                "address": look.address(look.path, lang=words.language),
            }
            for words in WORDS.values()
            if words is not look.words and trouble is None  # following a link would lose what was typed
        ],
    )


def conversation_page(
    look: Look,
    conversation: Conversation | None,
    *,
    now: datetime,
    status_url: str,
    typed: Typed | None = None,
    token: str = "",
    trouble: Trouble | None = None,
) -> HTMLResponse:
    """Return a conversation with a box to write again; without one (storage is away) the box alone."""
    lines = conversation.lines if conversation else ()
    return _page(
        "conversation.html",
        look,
        trouble,
        hidden=True,
        title=look.words.conversation_title.format(brand=look.brand),
        live=True,
        script=_SCRIPT,
        conversation=conversation,
        version=conversation_version(look.words, conversation) if conversation else "",
        lines=[_shown(line, look.words) for line in lines],
        answered=bool(lines) and lines[-1].sender == "brand",
        own_address=look.address(look.path),
        status_url=status_url,
        typed=typed or Typed(),
        token=token or new_page_token(now),
        message_hint=_message_hint(look.words),
    )


def conversation_version(words: Words, conversation: Conversation) -> str:
    """Return what changes whenever a page or JSON of the conversation would; it tells nothing of its content."""
    shown = [
        words.language,
        conversation.subject,
        *((one.sender, one.text, utc_text(one.at)) for one in conversation.lines),
    ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:32]


def refusal_page(look: Look, trouble: Trouble, *, typed: Typed | None = None) -> HTMLResponse:
    """Return a page that only says what is wrong, and gives back a message that has nowhere to go."""
    return _page(
        "refusal.html",
        look,
        trouble,
        hidden=True,
        title=look.words.problem_title,
        problem="",
        sentence=trouble.sentence,
        typed=typed or Typed(),
    )


def _page(
    template: TemplateName, look: Look, trouble: Trouble | None, *, hidden: bool, live: bool = False, **values: Any
) -> HTMLResponse:
    problems = trouble.fields if trouble else {}
    html = _ENVIRONMENT.get_template(template).render(
        {"languages": []}
        | {
            "words": look.words,
            "brand": look.brand,
            "embed": look.embed,
            "style": _STYLE,
            "problem": trouble.sentence if trouble and not problems else "",
            "problems": problems,
        }
        | values
    )
    headers = private_headers(look.embed_on, hidden=hidden, live=live) | {"Content-Language": look.words.language}
    if trouble is None:
        return HTMLResponse(html, headers=headers)
    return HTMLResponse(html, trouble.status, headers | dict(trouble.headers))


def _message_hint(words: Words) -> str:
    return words.message_hint.format(limit=f"{MESSAGE_LIMIT:,}".replace(",", "." if words.language == "it" else ","))


def _shown(line: Line, words: Words) -> dict[str, str]:
    at = line.at.astimezone(UTC)
    return {
        "sender": line.sender,
        "text": line.text,
        "machine_time": utc_text(at),
        "time": f"{format_datetime(at, 'd MMMM y, HH:mm', locale=words.language)} UTC",
    }
