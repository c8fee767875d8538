"""What the sandbox's pages share: the theme, the libraries they load, and the way a page is put together.

A page is an HTML file of its own folder with `{{ import_map }}` in its head, and `{{ modules }}` after it where it has
many modules; they import `preact`, `preact/hooks`, `htm` and `marked` by those names. Everything is served from this
machine, so the pages work offline.
"""

import json
from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

HERE: Final = Path(__file__).parent
LIBRARIES: Final = {
    "preact": "preact-11.2.0.mjs",
    "preact/hooks": "preact-hooks-11.2.0.mjs",
    "htm": "htm-3.1.1.mjs",
    "marked": "marked-18.2.1.mjs",
}
_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline'; frame-ancestors 'self'"
)


def asset_routes(own: Path) -> list[BaseRoute]:
    """Return the routes of a page's files: `static/` from the page's own folder, `foundation/` from this one."""
    return [
        Mount("/static", StaticFiles(directory=own / "static")),
        Mount("/foundation", StaticFiles(directory=HERE / "foundation")),
        Mount("/vendor", StaticFiles(directory=HERE / "vendor")),
    ]


def page(file: Path, *, root: str) -> Response:
    """Answer an HTML file whose assets stand under `root`, the prefix that the page's application is mounted at."""
    imports = {name: f"{root}/vendor/{library}" for name, library in LIBRARIES.items()}
    imports["foundation/"] = f"{root}/foundation/"
    import_map = f'<script type="importmap">{json.dumps({"imports": imports})}</script>'
    html = file.read_text(encoding="utf-8").replace("{{ import_map }}", import_map).replace("{{ root }}", root)
    if "{{ modules }}" in html:
        html = html.replace("{{ modules }}", _announced(file.parent / "static", root))
    return HTMLResponse(html, headers={"Cache-Control": "no-cache", "Content-Security-Policy": _POLICY})


def _announced(static: Path, root: str) -> str:
    """Name every module of a page at once, so that a browser need not find one by reading another."""
    own = (f"{root}/static/{file.relative_to(static).as_posix()}" for file in sorted(static.rglob("*.mjs")))
    libraries = (f"{root}/vendor/{name}" for name in LIBRARIES.values())
    return "\n".join(f'<link rel="modulepreload" href="{address}">' for address in (*libraries, *own))
