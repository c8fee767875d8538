"""A contact form in front of remembered conversations, and a visitor."""

from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import structlog
from starlette.applications import Starlette

from bots.forms import FormAccount, form_routes
from connectors.form import Settings
from tests.bots.forms.memory import RememberedConversations
from tests.clock import TestClock


@pytest.fixture
def clock() -> TestClock:
    return TestClock(datetime(2026, 11, 21, 9, 15, 7, tzinfo=UTC))


@pytest.fixture
def conversations(clock: TestClock) -> RememberedConversations:
    return RememberedConversations(clock)


BuildApp = Callable[..., Starlette]
OpenForm = Callable[..., httpx.AsyncClient]


@pytest.fixture
def build_app(clock: TestClock, conversations: RememberedConversations) -> BuildApp:
    """Build the application: form `contact` with the settings given, and a plain second form `press`."""

    def build(*, public_url: str | None = None, language: str = "en", **settings: Any) -> Starlette:
        accounts = {
            "contact": FormAccount(label="Acme", language=language, settings=Settings.model_validate(settings)),
            "press": FormAccount(label="Acme press", language="en", settings=Settings()),
        }
        routes = form_routes(accounts=accounts, conversations=conversations, clock=clock, public_url=public_url)
        return Starlette(routes=routes)

    return build


@pytest.fixture
def refusals() -> Iterator[list[tuple[str, int]]]:
    """Account and status of every refusal in the log, since the last answer."""
    told: list[tuple[str, int]] = []

    def note(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if line["event"] == "form refused":
            told.append((line["account"], line["status"]))
        return line

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[note, *before])
    yield told
    structlog.configure(processors=before)


@pytest.fixture
async def open_form(build_app: BuildApp, refusals: list[tuple[str, int]]) -> AsyncIterator[OpenForm]:
    """Return a client of a form with the settings given; `ip` is the socket's address of the visitor.

    Whatever it is refused must have left one line in the log, and nothing else may have.
    """
    clients: list[httpx.AsyncClient] = []

    async def one_line(answer: httpx.Response) -> None:
        account = answer.request.url.path.split("/")[2]
        refused = answer.status_code >= 400 and answer.status_code != 405
        assert refusals == (
            [(account if account in {"contact", "press"} else "", answer.status_code)] if refused else []
        )
        refusals.clear()

    def open_(*, ip: str = "198.51.100.7", **settings: Any) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=build_app(**settings), client=(ip, 50_000))
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://form.example"))
        clients[-1].event_hooks["response"] = [one_line]
        return clients[-1]

    yield open_
    for client in clients:
        await client.aclose()


@pytest.fixture
def client(open_form: OpenForm) -> httpx.AsyncClient:
    """A visitor of a form with the usual settings, except that they may write as often as they like."""
    return open_form(rate_limit="off")
