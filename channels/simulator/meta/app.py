"""The ASGI application: control API, page, Graph API."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from channels.simulator.meta.control.routes import control_routes
from channels.simulator.meta.graph.endpoint import graph_endpoint
from channels.simulator.meta.simulator import Simulator

PAGE = Path(__file__).resolve().parent / "page"
METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data: blob:; media-src 'self' blob:; base-uri 'none'; form-action 'none'"
)


async def page(request: Request) -> Response:
    """The telephones."""
    headers = {"content-security-policy": POLICY, "x-content-type-options": "nosniff"}
    return FileResponse(PAGE / "index.html", headers={**headers, "cache-control": "no-cache"})


async def favicon(request: Request) -> Response:
    """Browsers ask for it on every visit; it must not count as a Graph call."""
    return FileResponse(PAGE / "icon.svg", media_type="image/svg+xml")


def create_app(simulator: Simulator) -> Starlette:
    """The application around one simulator."""
    app = Starlette(
        routes=[
            *control_routes(),
            Route("/", page, methods=["GET"]),
            Route("/favicon.ico", favicon, methods=["GET"]),
            Mount("/page", StaticFiles(directory=PAGE)),
            Route("/{path:path}", graph_endpoint, methods=METHODS),
        ]
    )
    app.state.simulator = simulator
    return app
