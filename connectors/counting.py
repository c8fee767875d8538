"""How long a text is, in the unit of each network. Pure; a connector's ``count`` picks one.

Units: graphemes are what people see as one character (Unicode Standard Annex 29, extended grapheme clusters); code
points are Unicode scalar values; UTF-16 units are what JavaScript and Java count; UTF-8 bytes are what is sent.
"""

from typing import Final

import regex

MASTODON_URL_CHARACTERS: Final = 23
"""What a link counts on Mastodon, whatever its length: https://docs.joinmastodon.org/user/posting/#links"""

_GRAPHEME: Final = regex.compile(r"\X")

# A link as Mastodon's extraction sees it: scheme, a domain with a dot, no trailing punctuation, brackets in pairs.
# A mention keeps its domain out of the count: https://docs.joinmastodon.org/user/posting/#mentions
_LINK_OR_MENTION: Final = regex.compile(
    r"""
    (?<![\p{L}\p{N}@\N{FULLWIDTH COMMERCIAL AT}$#\N{FULLWIDTH NUMBER SIGN}])
    (?P<link>
        https?://
        (?:[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?\.)+
        (?:xn--[a-z0-9-]+|\p{L}{2,63})
        (?::[0-9]+)?
        (?:[/?\#](?:[^\s<>()]|\((?:[^\s<>()]|\([^\s<>()]*\))*\))*)?
    )
    |
    (?<![=/\w])
    @(?P<user>[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)
    @\w+(?:[.:-]+\w+)*
    """,
    regex.VERBOSE | regex.IGNORECASE,
)
_TRAILING: Final = "!?*\"'「」;:=,.$%[]~|@"


def graphemes(text: str) -> int:
    """Return the number of extended grapheme clusters: a family emoji or a letter with its accents is one."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def code_points(text: str) -> int:
    """Return the number of Unicode code points, which is what Python counts."""
    return len(text)


def utf16_units(text: str) -> int:
    """Return the number of UTF-16 code units: characters beyond the basic plane, most emoji, are two."""
    return len(text) + sum(character > "\uffff" for character in text)


def utf8_bytes(text: str) -> int:
    """Return the number of bytes in UTF-8; half a surrogate pair, which has no encoding, counts three."""
    return len(text.encode("utf-8", "surrogatepass"))


def mastodon_characters(text: str, *, spoiler_text: str = "", per_link: int = MASTODON_URL_CHARACTERS) -> int:
    """Return the length by which Mastodon limits a post.

    Graphemes of content warning and text together; each http(s) link counts ``per_link`` (the instance's
    ``configuration.statuses.characters_reserved_per_url``) and ``@user@host`` counts as ``@user``. Mastodon shortens
    only links whose domain ends in a registered top-level name; a longer link to a private name may be refused there.
    Source: app/validators/status_length_validator.rb and https://docs.joinmastodon.org/user/posting/.
    """

    def shortened(match: regex.Match[str]) -> str:
        if match["user"] is not None:
            return f"@{match['user']}"
        whole = match["link"]
        link = whole.rstrip(_TRAILING)
        return "x" * per_link + whole[len(link) :]

    return graphemes(spoiler_text + _LINK_OR_MENTION.sub(shortened, text))
