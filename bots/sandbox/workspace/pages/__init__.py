"""The workspace in a browser: one page over the people's door, for whoever one chooses to be."""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bots.sandbox.pages import asset_routes, page

HERE: Final = Path(__file__).parent


def page_routes() -> list[BaseRoute]:
    """Return the routes of the page and its files, for an application mounted anywhere."""
    return [Route("/", _page), *asset_routes(HERE)]


async def _page(request: Request) -> Response:
    return page(HERE / "index.html", root=str(request.scope.get("root_path", "")))
