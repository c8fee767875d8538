"""Making a text fit a network: splitting, counting, and warnings about what an approver should look at twice. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import accumulate, product, takewhile

import regex

from escalation.casefile import Fitted
from escalation.language import Sentence, say
from models.vocabulary import Visibility

_BREAKS = tuple(re.compile(gap) for gap in (r"\r?\n[ \t]*\r?\n\s*", r"(?<=[.!?…])\s+", r"\s+"))
"""The gaps between paragraphs, sentences and words."""
_TIDINESS = ((1 / 3, 2 / 3, 9 / 10), (2,))
"""How much of its room a part must fill to be cut at a gap; the last is never reached, so that words are cut.

Tried in this order until the text fits: rather one part more than a word cut in two, rather that than a refusal.
"""
_SAME_NAME_GOES_ON = regex.compile(r"[\w@]|[.-]\w")
_TOKEN = regex.compile(r"(?=https?://)(?:(?!\s)\X(?<!\s))++|(?=@[\w.@-])(?:(?=[\w.@-])\X)++|\X")
"""A link, a name, or else one letter as people see it (``\\X``), however many characters spell it; links and names end
where a letter ends."""
_SHOWN_OF_A_LINK = 40
_FORBIDDEN = regex.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\ud800-\udfff]")


UNITS: dict[str, Sentence] = {
    "characters": say("characters"),
    "letters": say("letters"),
    "bytes": say("bytes"),
}
"""How people call what a network counts; the keys are the values of ``Capabilities.unit``."""


@dataclass(frozen=True)
class Frame:
    """What surrounds a text when it is sent, and how long the whole may be; ``count`` is the network's own."""

    prefix: str
    signature: str
    limit: int
    unit: str
    max_parts: int
    count: Callable[[str], int]


def fit(text: str, frame: Frame, warnings: Sequence[Sentence] = ()) -> Fitted:
    """Return the text as it will be published: prefix, text and signature, in as few parts as the limit allows.

    The text itself is never changed, but for the gaps between parts; where it cannot be sent, ``problem`` says why.
    A prefix or signature that the writer has typed already is not added again; every further part has the prefix, for
    without it the customer would not be told.
    """
    if not text.strip():
        return Fitted(text, (), (), say("The answer is empty. Write what the customer shall read."))
    if _FORBIDDEN.search(text):
        return Fitted(
            text,
            (),
            (),
            say("The answer holds invisible control characters that networks refuse. Please type it again."),
        )
    prefix = "" if _is_typed(frame.prefix.rstrip(), text) else frame.prefix
    tail = f"\n{frame.signature}" if frame.signature and not text.rstrip().endswith(frame.signature) else ""
    whole = f"{prefix}{text}{tail}"
    if (length := frame.count(whole)) <= frame.limit:
        return Fitted(text, (whole,), (length,), None, tuple(warnings))
    parts = _split(text, prefix, tail, frame) if frame.max_parts > 1 else None
    if parts is None:
        problem = _too_long_a_link(text, prefix, frame) or _too_long(length, frame)
        return Fitted(text, (whole,), (length,), problem, tuple(warnings))
    note = say("It will be sent in {parts} parts.", parts=len(parts))
    return Fitted(text, tuple(parts), tuple(frame.count(part) for part in parts), None, (*warnings, note))


def _too_long(length: int, frame: Frame) -> Sentence:
    """Return by how much to shorten a text; what every further part repeats takes room that the text cannot have."""
    room = frame.limit
    for number in range(2, frame.max_parts + 1):
        room += frame.limit - frame.count(f"{frame.prefix} ({number}/{frame.max_parts})")
    if frame.max_parts > 1:
        room -= frame.count(f" (1/{frame.max_parts})")
    return say(
        "This is {length} {unit} long; the network takes {limit}. Please shorten it by {over}.",
        length=length,
        unit=UNITS[frame.unit],
        limit=room,
        over=max(1, length - room),
    )


def _too_long_a_link(text: str, prefix: str, frame: Frame) -> Sentence | None:
    """Return what is wrong if the text is split and holds a link, or a name, that no part has room for."""
    if frame.max_parts == 1:
        return None
    room = frame.limit - frame.count(f"{min(prefix, frame.prefix, key=len)} (1/{frame.max_parts})")
    for token in _TOKEN.findall(text):
        if len(token) > 1 and (length := frame.count(token)) > room:
            return say(
                "“{beginning}…” is {length} {unit} long and cannot be cut in two; one part has room for {room}. "
                "Please use a shorter link.",
                beginning=token[:_SHOWN_OF_A_LINK],
                length=length,
                unit=UNITS[frame.unit],
                room=room,
            )
    return None


def _is_typed(prefix: str, text: str) -> bool:
    """Tell whether the text begins with the prefix itself, not with a longer name ("@adam" for "@ada")."""
    return text.startswith(prefix) and not (prefix and _SAME_NAME_GOES_ON.match(text, len(prefix)))


def _split(text: str, prefix: str, tail: str, frame: Frame) -> list[str] | None:
    head = cache(partial(_head, count=frame.count))  # another number of parts begins with the same ones
    for ways in _TIDINESS:
        for wanted, tidiness in product(range(2, frame.max_parts + 1), ways):
            if parts := _cut(text, prefix, tail, frame, partial(head, tidiness=tidiness), wanted):
                return parts
    return None


def _cut(
    text: str, prefix: str, tail: str, frame: Frame, head: Callable[[str, int], tuple[str, str]], wanted: int
) -> list[str] | None:
    """Return exactly ``wanted`` parts that keep the limit, or ``None``."""
    parts: list[str] = []
    rest = text
    for number in range(1, wanted + 1):
        before = prefix if number == 1 else frame.prefix
        marker = f" ({number}/{wanted})"
        if number == wanted:
            piece, rest, marker = rest, "", marker + tail
        else:
            room = frame.limit - frame.count(f"{before}{marker}")
            piece, left = head(rest, room)
            if not left.strip():  # only the signature does not fit: something must be left for the last part
                length = frame.count(rest.rstrip())
                piece, left = head(rest, length // 2)
                if not piece:  # it begins with a link, or a name, that is longer than half of it
                    piece, left = head(rest, length - 1)
            rest = left
        part = f"{before}{piece}{marker}"
        if not piece.strip() or frame.count(part) > frame.limit:
            return None
        parts.append(part)
    return parts


def _head(text: str, room: int, *, count: Callable[[str], int], tidiness: float) -> tuple[str, str]:
    """Return the longest beginning whose count is within ``room``, and the rest without the gap between them.

    It is cut at a paragraph, else after a sentence, else between words, if the piece then fills ``tidiness`` of the
    room; else between letters.
    """
    letters = _TOKEN.findall(text)
    edges = [0, *accumulate(map(len, letters))]
    outline = "".join(letter if len(letter) == 1 or letter.isspace() else _closed(letter) for letter in letters)

    def beginning(edge: int) -> str:
        return text[: len(outline[:edge].rstrip())]

    low, high = 0, len(edges) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if count(beginning(edges[middle])) <= room:
            low = middle
        else:
            high = middle - 1
    reach = edges[low]
    if reach == len(text):
        return text, ""
    for pattern in _BREAKS:
        cuts = [*takewhile(lambda gap: gap.start() <= reach, pattern.finditer(outline))]
        if cuts and cuts[-1].start() >= reach * tidiness:
            return text[: cuts[-1].start()], text[cuts[-1].end() :]
    return beginning(reach), text[len(text) - len(outline[reach:].lstrip()) :]


def _closed(letter: str) -> str:
    """Return something as long that holds no gap: a space that carries a mark, or joins another sign, is none."""
    return re.sub(r"\s", "x", letter)


# --- what an approver should look at twice ----------------------------------------------------------------------------

_EMAIL = re.compile(r"(?<![\w.+@-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_LONG_NUMBER = re.compile(r"(?<![\w/])\+?\d(?:[ .\-/]?\d){7,22}(?!\w)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_PLACEHOLDER = re.compile(
    r"\[[A-Za-zÀ-ÿ _-]{2,30}\]|\{\{?[A-Za-z_ ]{1,30}\}?\}|<[A-Za-z_ ]{2,30}>|\bX{3,}\b|\bTODO\b|\bTBD\b|_{4,}"
)
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_INVISIBLE = re.compile("[\u200b\u200c\u2060\ufeff\U000e0000-\U000e007f]")
_URL = re.compile(r"https?://([^\s/?#]+)")
_HARMLESS_NUMBER = re.compile(
    r"https?://\S+|(?<!\d)(?:\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2}))(?!\d)"
)
"""Links and dates."""
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
"""The flags of England, Scotland and Wales are spelt with invisible letters."""
_STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the and you your is are we our for with this that have has please will can not thank thanks hello",
        "it": "il lo la gli le di che è sono per con non una del della grazie ciao può suo sua abbiamo questo",
        "de": "der die das und ist sind wir sie ihr ihre für mit nicht bitte danke ein eine haben wird kann",
        "fr": "le les des et est sont nous vous votre pour avec pas une merci bonjour dans que qui sur",
        "es": "el los las y es son nosotros su para con no una gracias hola por que del está puede",
    }.items()
}


def language_of(text: str) -> str | None:
    """Return the language of a text by its commonest small words, or ``None`` where they do not tell."""
    words = regex.findall(r"\p{L}+", text.lower())
    scores = sorted(
        ((sum(word in stop for word in words), language) for language, stop in _STOP_WORDS.items()), reverse=True
    )
    (best, language), (second, _) = scores[0], scores[1]
    return language if best >= 3 and best >= 2 * second else None  # noqa: PLR2004


def warnings(
    text: str,
    *,
    visibility: Visibility,
    customer_language: str | None,
    banned_phrases: Iterable[str],
    other_brands: Iterable[str],
) -> tuple[Sentence, ...]:
    """Return what an approver should look at twice; the text is never changed."""
    found: list[Sentence] = []
    if visibility is not Visibility.PRIVATE and (
        _EMAIL.search(text) or _LONG_NUMBER.search(_HARMLESS_NUMBER.sub("", text)) or _IBAN.search(text)
    ):
        found.append(say("This reply is public and seems to hold personal data (an address, a number or an account)."))
    folded = _folded(text)
    found += [
        say("It contains the banned phrase “{phrase}”.", phrase=phrase)
        for phrase in banned_phrases
        if _says(folded, phrase)
    ]
    found += [say("It names another brand: {brand}.", brand=brand) for brand in other_brands if _says(folded, brand)]
    if match := _PLACEHOLDER.search(text):
        found.append(say("A placeholder seems to be left: {what}", what=match.group()))
    language = language_of(text)
    if customer_language and language and customer_language.split("-")[0].lower() != language:
        found.append(
            say("The customer writes {theirs}, this answer is {ours}.", theirs=customer_language, ours=language)
        )
    if _BIDI.search(text):
        found.append(
            say("It holds characters that turn the reading direction; what is read may differ from what is written.")
        )
    if _INVISIBLE.search(_FLAG.sub("", text)):
        found.append(say("It holds invisible characters."))
    if any(host.startswith("xn--") or ".xn--" in host or not host.isascii() for host in _URL.findall(text)):
        found.append(say("A link's address uses look-alike letters; please check where it leads."))
    return tuple(found)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _says(folded: str, phrase: str) -> bool:
    """Tell whether whole words of a folded text are the phrase."""
    wanted = _folded(phrase).strip()
    return bool(wanted) and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", folded) is not None
