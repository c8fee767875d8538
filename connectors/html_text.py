"""From the HTML of a post to the text that its author wrote. Nothing is executed, fetched or trusted.

The HTML is first put in order and reduced to a few harmless tags by an HTML5 parser (nh3), so that what follows only
meets balanced markup; entities are decoded exactly once. Mastodon's own markup is described at
https://docs.joinmastodon.org/spec/activitypub/#sanitization and https://docs.joinmastodon.org/entities/Status/#content.
"""

import re
from collections.abc import Collection
from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote, urlsplit

import nh3

MAX_CHARACTERS: Final = 500_000
"""Longer HTML is cut, visibly; the longest post of any known instance is a twentieth of it."""

MAX_NESTING: Final = 1_000
"""With more lists and divisions than this their tags are left out: parsers take quadratic time over nested ones."""

_NESTING: Final = re.compile(
    r"</?(?:[uo]l|li|div|dl|blockquote|section|article|center|details)\b[^<>]*>?", re.IGNORECASE
)
_BLOCKS: Final = {"p", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "div"}
_TAGS: Final = _BLOCKS | {"br", "a", "span", "li", "img"}
_ATTRIBUTES: Final[dict[str, set[str]]] = {"a": {"href", "class"}, "img": {"alt"}}
_SPACES: Final = re.compile(r"[ \t\r\n\f]+")
_FIRST_MENTION: Final = re.compile(r"@[\w.-]+(?:@[\w.:-]+)?(?=\s|$)")


def plain_text(html: str, *, ours: Collection[str] = ()) -> str:
    """Return ``html`` as plain text: a blank line between paragraphs, ``<br>`` as line end, links with their address.

    A link that shows something else than its address becomes ``text (address)``; mentions and hashtags stay as written.
    ``ours`` holds the names (``brand``, ``brand@host``) and addresses of our own account: mentions of it at the very
    start are left out, as they only address the post; a text that is nothing else is kept whole.
    """
    shortened = html if len(html) <= MAX_CHARACTERS else html[:MAX_CHARACTERS] + " [\N{HORIZONTAL ELLIPSIS}]"
    if len(_NESTING.findall(shortened)) > MAX_NESTING:
        shortened = _NESTING.sub("\n", shortened)
    clean = nh3.clean(
        shortened,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        clean_content_tags={"script", "style"},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    writer = _Writer({name.lower() for name in ours})
    writer.feed(clean)
    writer.close()
    return writer.text()


class _Writer(HTMLParser):
    """Turns clean HTML into lines, and remembers which mentions of our account lead them."""

    def __init__(self, ours: Collection[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._ours = ours
        self._parts: list[str] = []
        self._gap = ""
        self._preformatted = 0
        self._link: tuple[str, str] | None = None
        self._link_parts: list[str] = []
        self._leading: list[str] = []

    def text(self) -> str:
        """Return the text; without the mentions of us that lead it, unless nothing else is there."""
        whole = rest = "".join(self._parts).strip("\n")
        leading = list(self._leading)
        while True:
            first = leading.pop(0) if leading else self._first_mention(rest)
            after = rest.removeprefix(first)
            if not first or after == rest or (after and not after[0].isspace()):
                return rest or whole
            rest = after.lstrip(" \t\n")

    def _first_mention(self, text: str) -> str:
        first = _FIRST_MENTION.match(text)
        return first.group() if first and first.group()[1:].lower() in self._ours else ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a paragraph, a line, an item or a link."""
        given = dict(attrs)
        if tag == "br":
            self._write("\n")
        elif tag in _BLOCKS:
            self._break("\n\n")
            self._preformatted += tag == "pre"
        elif tag == "li":
            self._break("\n")
            self._write("- ")
        elif tag == "img":
            self._write(given.get("alt") or "")
        elif tag == "a":
            self._end_link()
            self._link = (given.get("href") or "", given.get("class") or "")

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened."""
        if tag == "a":
            self._end_link()
        elif tag in _BLOCKS:
            self._break("\n\n")
            self._preformatted -= tag == "pre"
        elif tag == "li":
            self._break("\n")

    def handle_data(self, data: str) -> None:
        """Take text as it is; only the line ends of the markup itself are no line ends of the text."""
        if not self._preformatted:
            at_line_start = not self._link_parts and (self._gap or not self._parts or self._parts[-1].endswith("\n"))
            if at_line_start and (first := _SPACES.match(data)) and "\n" in first.group():
                data = data[first.end() :]
            data = _SPACES.sub(lambda spaces: " " if "\n" in spaces.group() else spaces.group(), data)
        self._write(data)

    def close(self) -> None:
        """Finish a link that was never closed."""
        super().close()
        self._end_link()

    def _write(self, data: str) -> None:
        if not data:
            return
        if self._link is not None:
            self._link_parts.append(data)
            return
        if self._gap and self._parts:
            self._parts.append(self._gap)
        self._gap = ""
        self._parts.append(data)

    def _break(self, gap: str) -> None:
        self._end_link()
        self._gap = max(self._gap, gap, key=len)

    def _end_link(self) -> None:
        if self._link is None:
            return
        (address, classes), shown = self._link, "".join(self._link_parts)
        self._link, self._link_parts = None, []
        named = bool({"mention", "hashtag"} & set(classes.split())) and shown.startswith(("@", "#"))
        if named and address.lower() in self._ours and "".join(self._parts).split() == self._leading:
            self._leading.append(shown)
        self._write(shown if named else _spelled_out(shown, address))


def _spelled_out(shown: str, address: str) -> str:
    """Return what a link shows if that is its address, else both."""
    if not address or _bare(shown) == _bare(address):
        return shown if not address or "://" in shown else address
    return f"{shown} ({address})" if shown.strip() else address


def _bare(address: str) -> str:
    """Return an address without what differs between how it is written and where it leads (scheme, case, escapes)."""
    try:
        parts = urlsplit(address.strip() if "://" in address else f"https://{address.strip()}")
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
        port = parts.port
    except (UnicodeError, ValueError):
        return address
    rest = unquote(parts.path).rstrip("/") + "?" + unquote(parts.query) + "#" + unquote(parts.fragment)
    return f"{parts.username or ''}@{host.lower()}:{port or ''}{rest}"
