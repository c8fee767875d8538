"""What an exception looks like in a log: where it happened, never in words that may quote somebody."""

import traceback
from typing import Final

from structlog.typing import ExcInfo

_MOST_CAUSES: Final = 20


def frames_without_words(exc_info: ExcInfo) -> str:
    """Return an exception and what led to it, the latest first, each by its frames and its type.

    What it says is left out: a database quotes the row that it refused, a validator the input, a ``KeyError`` the key.
    """
    told: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None and len(told) < _MOST_CAUSES:
        frames = "".join(traceback.format_tb(error.__traceback__))
        told.append(f"Traceback (most recent call last):\n{frames}{type(error).__module__}.{type(error).__qualname__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nwhich came of\n\n".join(told)
