"""What the load generator itself can do: a server that answers each request with 200 at once.

`python -m tests.bench.ceiling PORT`. It does not look at what it is sent beyond where it ends.
"""

import asyncio
import sys

import uvloop

from kernel.dev.ports import HOST
from tests.bench.http1 import HEAD_END

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK"


class AtOnce(asyncio.Protocol):
    """Requests of the generator begin when the answer before has been read, and end with a brace."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith((b"}", HEAD_END)):
            self._transport.write(ANSWER)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(AtOnce, HOST, port)
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
