"""A visitor's browser without scripts: reads a page's form, texts and links, fills in and sends."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ADA = {"name": "Ada Jones", "email": "ada@example.org", "subject": "Invoice", "message": "Please send it again."}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    path: tuple[str, ...] = ()


@dataclass
class Page:
    """What a browser would know of a page. Void elements are recorded like the others, without text."""

    elements: list[Element] = field(default_factory=list)

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            one
            for one in self.elements
            if one.tag == tag and all(one.attributes.get(name) == value for name, value in wanted.items())
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, (tag, attributes, found)
        return found[0]

    def by_id(self, identity: str) -> Element:
        found = [one for one in self.elements if one.attributes.get("id") == identity]
        assert len(found) == 1, (identity, found)
        return found[0]

    @property
    def values(self) -> dict[str, str]:
        """The form as it would be sent now; a textarea loses its first line end, as in every browser."""
        fields = {one.attributes["name"]: one.attributes.get("value", "") for one in self.all("input")}
        areas = {one.attributes["name"]: one.text.removeprefix("\n") for one in self.all("textarea")}
        return fields | areas

    @property
    def said(self) -> list[str]:
        """The messages of a conversation, as shown."""
        return [one.text for one in self.all("p", class_="text")]


_VOID = {"meta", "input", "br", "link"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.stack: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute stands twice: {tag} {attrs}"
        path = tuple(one.tag for one in self.stack)
        element = Element(tag, {name: value or "" for name, value in attrs}, path=path)
        self.page.elements.append(element)
        if tag not in _VOID:
            self.stack.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack, f"</{tag}> without a beginning"
        assert self.stack[-1].tag == tag, f"</{tag}> inside <{self.stack[-1].tag}>"
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        for element in self.stack:
            element.text += data


def read_page(response: httpx.Response) -> Page:
    """Parse a page; badly nested tags, doubled attributes or ids fail."""
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    reader = _Reader()
    reader.feed(response.text)
    reader.close()
    assert reader.stack == []
    identities = [one.attributes["id"] for one in reader.page.elements if "id" in one.attributes]
    assert len(identities) == len(set(identities))
    return reader.page


async def send(client: httpx.AsyncClient, address: str, values: dict[str, Any], **headers: str) -> httpx.Response:
    """Send a form as a browser does."""
    return await client.post(address, data=values, headers=BROWSER | headers)


async def fill_in(client: httpx.AsyncClient, address: str = "/forms/contact", **typed: str) -> httpx.Response:
    """Open a page, type into its form and send it; return the answer without following it."""
    page = read_page(await client.get(address, headers=BROWSER))
    action = page.one("form").attributes.get("action", "")
    return await send(client, urljoin(address, action) if action else address, page.values | typed)
