"""The page that opens the demo: a plain list of what there is to look at."""

from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bots.demo.configuration import APPROVALS, CHANNELS, CUSTOMERS, FORM, HANDLE, NETWORK, SLACK

START: Final = "/sandbox/"


def start_routes() -> list[BaseRoute]:
    """Return the route of the page."""
    return [Route(START, _page), Route("/sandbox", _redirect)]


async def _redirect(_: Request) -> Response:
    return RedirectResponse(START)


async def _page(_: Request) -> Response:
    return HTMLResponse(_html(), headers={"Cache-Control": "no-store"})


def _html() -> str:
    groups = {
        "Customers": [
            (f"/forms/{FORM}", "Write to Acme on the contact form"),
            (f"{NETWORK}/timeline", "The network's timeline (JSON)"),
            (f"{NETWORK}/accounts/{HANDLE}", "What Acme has published there (JSON)"),
        ],
        "Colleagues": [
            (
                f"{SLACK}/channels/{channel}/messages",
                f"#{name} (JSON){', where answers are approved' if channel == APPROVALS else ''}",
            )
            for channel, (name, _) in CHANNELS.items()
        ],
        "Portavoce": [("/healthz", "Health"), ("/readyz", "Readiness"), ("/metrics", "Metrics")],
    }
    lists = "\n".join(
        f"<h2>{escape(title)}</h2>\n<ul>\n"
        + "\n".join(f'<li><a href="{escape(path)}">{escape(words)}</a></li>' for path, words in links)
        + "\n</ul>"
        for title, links in groups.items()
    )
    handles = ", ".join(f"@{handle}" for handle, _, _ in CUSTOMERS)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Portavoce demo</title>
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem }}</style>
</head>
<body>
<h1>Portavoce demo</h1>
<p>A workspace, a network and a contact form of their own, all in this process.
Customers on the network: {escape(handles)}.
To see the whole story told by itself, run <code>portavoce demo --script</code>.</p>
{lists}
</body></html>
"""
