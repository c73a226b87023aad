"""Wires the state to the webhooks, the live page and the rooms of the channels."""

from __future__ import annotations

from channels.simulator.meta.http_client import Client
from channels.simulator.meta.live import Hub
from channels.simulator.meta.records import Json
from channels.simulator.meta.state import State
from channels.simulator.meta.webhooks import Emitter


class Simulator:
    """Everything a request handler needs. `base_url` is where callers reach this program."""

    def __init__(self, state: State, base_url: str) -> None:
        self.state = state
        self.base_url = base_url
        self.client = Client()
        self.emitter = Emitter(state, self.client)
        self.hub = Hub()

    def reset(self, config: Json | None = None) -> None:
        """Forget everything, also what waits to be sent, and tell the pages."""
        self.emitter.cancel_all()
        self.client.close()
        self.state.reset(config)
        self.hub.publish("reset", {})

    def close(self) -> None:
        """Stop sending and end the live streams."""
        self.emitter.cancel_all()
        self.client.close()
        self.hub.close()
