"""What a visitor asked for: which language, and a page or JSON (RFC 9110, section 12)."""

import re
from typing import Final

from starlette.requests import Request

from bots.forms.wording import WORDS

_LONGEST_HEADER: Final = 1_000
_TAG: Final = re.compile(r"([a-z]{2,3})(-[a-z0-9]{1,8})*")


def weights(header: str) -> dict[str, float]:
    """Return each lower-case item of an ``Accept…`` header with its quality, best first, leaving out what is odd."""
    found: dict[str, float] = {}
    for item in header[:_LONGEST_HEADER].lower().split(","):
        value, *parameters = (part.strip() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            key, _, number = parameter.partition("=")
            if key.strip() == "q":
                quality = _quality(number)
        if value and quality > 0:
            found.setdefault(value, quality)
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _quality(number: str) -> float:
    try:
        return min(1.0, float(number))
    except ValueError:
        return 0.0


def names_html(request: Request) -> bool:
    """Say whether the client asks for a page by name, as browsers do, and does not like JSON better."""
    accepted = weights(request.headers.get("accept", ""))
    page = max(accepted.get("text/html", 0.0), accepted.get("application/xhtml+xml", 0.0))
    return page > 0 and page >= accepted.get("application/json", 0.0)


def prefers_json(request: Request) -> bool:
    """Say whether the client asks for JSON by name and does not like a page as much."""
    accepted = weights(request.headers.get("accept", ""))
    return accepted.get("application/json", 0.0) > accepted.get("text/html", 0.0)


def asked_language(request: Request) -> str | None:
    """Return the page language that the ``lang`` query names, if we have it."""
    language = request.query_params.get("lang", "").lower()
    return language if language in WORDS else None


def customer_language(request: Request) -> str | None:
    """Return the language the customer most likely writes in (``"it"``): the chosen one, else the browser's first."""
    asked = asked_language(request)
    if asked:
        return asked
    for tag in weights(request.headers.get("accept-language", "")):
        match = _TAG.fullmatch(tag)
        if match:
            return match[1]
    return None


def page_language(request: Request, default: str) -> str:
    """Return the language to show the page in: asked for, else the browser's best that we have, else ``default``."""
    asked = asked_language(request)
    if asked:
        return asked
    for tag in weights(request.headers.get("accept-language", "")):
        primary = tag.partition("-")[0]
        if primary in WORDS:
            return primary
    return default if default in WORDS else "en"
