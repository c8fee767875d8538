"""The network as an ASGI app, to run alone or to mount under a prefix."""

from dataclasses import asdict

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bots.sandbox.network.api import Api
from bots.sandbox.network.doors import Doors
from bots.sandbox.network.errors import NetworkRefusal
from bots.sandbox.network.network import Network
from bots.sandbox.network.pages import page_routes
from bots.sandbox.network.people import People
from bots.sandbox.network.reading import as_model, json_body
from bots.sandbox.network.records import Rules


def create_network_app(network: Network) -> Starlette:
    """Return the app for ``network``. Everything is in memory; the caller ends it with ``await network.close()``."""
    return Starlette(
        routes=[*page_routes(), *Api(network).routes(), *People(network).routes(), *Backstage(network).routes()],
        middleware=[Middleware(Doors, network=network)],
        exception_handlers={NetworkRefusal: _refused, HTTPException: _not_here},
    )


async def _refused(request: Request, error: Exception) -> Response:  # noqa: ARG001 - a handler's signature
    assert isinstance(error, NetworkRefusal)  # noqa: S101 - registered for this class only
    return JSONResponse(error.body(), status_code=error.status)


async def _not_here(request: Request, error: Exception) -> Response:  # noqa: ARG001 - a handler's signature
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused")
    return JSONResponse(NetworkRefusal(error.status_code, code, error.detail).body(), error.status_code, error.headers)


class Backstage:
    """The doors of those who run a demo or a test: fault script, rules, what happened. Faults never apply to them."""

    def __init__(self, network: Network) -> None:
        """Serve ``network``."""
        self._network = network

    def routes(self) -> list[BaseRoute]:
        """Return the routes, without the network's prefix."""
        return [
            Route("/faults", self.faults, methods=["GET"]),
            Route("/faults", self.add_fault, methods=["POST"]),
            Route("/faults", self.clear_faults, methods=["DELETE"]),
            Route("/rules", self.rules, methods=["GET"]),
            Route("/rules", self.change_rules, methods=["PATCH"]),
            Route("/calls", self.calls, methods=["GET"]),
            Route("/deliveries", self.deliveries, methods=["GET"]),
        ]

    async def faults(self, request: Request) -> Response:  # noqa: ARG002 - a handler's signature
        """Show what is left of the fault script."""
        return JSONResponse({"faults": [line.model_dump(mode="json") for line in self._network.faults.lines()]})

    async def add_fault(self, request: Request) -> Response:
        """Append a line ``{"fault", "number"?, "method"?, "path"?, "times"?}``, 201."""
        line = self._network.faults.add_row(await json_body(request))
        return JSONResponse(line.model_dump(mode="json"), status_code=201)

    async def clear_faults(self, request: Request) -> Response:  # noqa: ARG002 - a handler's signature
        """Forget the script."""
        self._network.faults.clear()
        return Response(status_code=204)

    async def rules(self, request: Request) -> Response:  # noqa: ARG002 - a handler's signature
        """Show how the network behaves."""
        return JSONResponse(self._network.rules.model_dump())

    async def change_rules(self, request: Request) -> Response:
        """Change how the network behaves; what is not named stays."""
        asked = await json_body(request)
        if not isinstance(asked, dict):
            raise NetworkRefusal(422, "bad_field", "body: send an object of rules.")
        self._network.rules = as_model(self._network.rules.model_dump() | asked, Rules)
        return JSONResponse(self._network.rules.model_dump())

    async def calls(self, request: Request) -> Response:  # noqa: ARG002 - a handler's signature
        """Show the requests that came, oldest first, with what was done and what was answered."""
        return JSONResponse({"calls": [{**asdict(call), "at": call.at.isoformat()} for call in self._network.calls]})

    async def deliveries(self, request: Request) -> Response:  # noqa: ARG002 - a handler's signature
        """Show the webhook deliveries and their tries, oldest first."""
        return JSONResponse({"deliveries": [one.model_dump(mode="json") for one in self._network.deliveries.log]})
