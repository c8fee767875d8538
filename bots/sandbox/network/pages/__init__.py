"""The network as people see it in a browser: one page, its style and its modules, called Piazza there.

Addresses of posts and accounts answer JSON to programs and lead a browser to the page.
"""

from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bots.sandbox.pages import asset_routes, page

HERE: Final = Path(__file__).parent


def page_routes() -> list[BaseRoute]:
    """Return the page and its files, without the network's prefix."""
    return [Route("/", _page, methods=["GET"]), *asset_routes(HERE)]


def wants_page(request: Request) -> bool:
    """Return whether a browser asks to show an address, rather than a program to read it."""
    return "text/html" in request.headers.get("accept", "")


def to_page(request: Request, **place: str) -> Response:
    """Lead a browser to a place of the page, such as ``person="ada", view="messages"``."""
    address = f"{request.scope.get('root_path', '')}/#{urlencode(place)}"
    return RedirectResponse(address, status_code=303, headers={"Vary": "Accept"})


async def _page(request: Request) -> Response:
    return page(HERE / "index.html", root=request.scope.get("root_path", ""))
