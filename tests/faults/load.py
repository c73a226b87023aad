"""The load: signed webhooks in an open loop, requests to the API beside them, all of it in a ledger.

An open loop: posts have their times before the run begins, and a slow answer makes nobody wait
but the sender's own next post. Latency counts from the moment that a post's turn came.
"""

import asyncio
import json
import random
import threading
import time
from dataclasses import dataclass, field

from tests.faults.http import Client, signature
from tests.faults.ledger import CANARY, SENDERS, TRACE, Call, Ledger, Webhook, body_of, text_of
from tests.faults.product import Product


@dataclass
class Plan:
    """The standard load is 100 webhooks/s of 300 senders over 3 tenants, and 20 requests/s to the API.

    `each` makes every sender write exactly so many messages. `batch` puts so many messages of
    one line's senders into a body. `sends` is the part of the API's requests that send a message.
    """

    rate: float = 100.0
    senders: int = 300
    seconds: float = 60.0
    api_rate: float = 20.0
    batch: int = 1
    each: int = 0
    sends: float = 0.25
    first: int = 0


@dataclass
class _Line:
    """Senders whose posts follow each other."""

    name: str
    phone: str
    senders: list[str]
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0


class Load:
    """One run of a plan in a thread. `stop` ends it early; `join` waits for the last answer."""

    def __init__(self, product: Product, plan: Plan, ledger: Ledger, rng: random.Random) -> None:
        self.product, self.plan, self.ledger, self.rng = product, plan, ledger, rng
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._counts: dict[str, int] = {}
        self._conversations: dict[str, list[str]] = {}
        self.began = 0.0

    def start(self) -> "Load":
        self.began = time.time()
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def join(self, timeout: float = 600) -> None:
        """Wait for the end, and look after the product meanwhile."""
        if not self.product.wait_until(lambda: self.is_over, timeout):
            raise AssertionError("the load did not end in time")

    # -- inside the thread -------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._edge = Client(self.product.stack.addresses.edge)
        self._web = Client(self.product.stack.addresses.web)
        lines = self._lines()
        tasks = [asyncio.create_task(self._api())] if self.plan.api_rate else []
        running: set[asyncio.Task[None]] = set()
        for at, line in self._schedule(lines):
            await asyncio.sleep(max(0.0, self.began + at - time.time()))
            if self._stop.is_set():
                break
            task = asyncio.create_task(self._post(line))
            running.add(task)
            task.add_done_callback(running.discard)
        self._stop.set()
        await asyncio.gather(*tasks, *running)
        self._edge.close()
        self._web.close()

    def _lines(self) -> list[_Line]:
        phones = self.product.phones
        senders = [f"{SENDERS}{self.plan.first + n:05d}" for n in range(self.plan.senders)]
        size = min(self.plan.batch, 5)
        groups = [senders[i : i + size] for i in range(0, len(senders), size)]
        return [
            _Line(f"line-{n}", phones[n % len(phones)], group) for n, group in enumerate(groups)
        ]

    def _schedule(self, lines: list[_Line]) -> list[tuple[float, _Line]]:
        if self.plan.each:
            chosen = [line for line in lines for _ in range(self.plan.each)]
            self.rng.shuffle(chosen)
        else:
            count = int(self.plan.rate * self.plan.seconds)
            chosen = [self.rng.choice(lines) for _ in range(count)]
        return [(n / self.plan.rate, line) for n, line in enumerate(chosen)]

    async def _post(self, line: _Line) -> None:
        due = time.time()
        async with line.lock:
            webhook = self._webhook(line)
            body = self._body(webhook)
            headers = {"X-Hub-Signature-256": signature(self.product.demo["meta"]["app_secret"], body),
                       "Content-Type": "application/json"}  # fmt: skip
            webhook.turn = max(due, line.free_at)
            webhook.posted = time.time()
            webhook.status, answer = await self._edge.request(
                "POST", "/webhooks/meta", headers, body
            )
            webhook.answered = line.free_at = time.time()
            webhook.trace = bool(TRACE.search(answer))
            self.ledger.webhooks.append(webhook)

    def _webhook(self, line: _Line) -> Webhook:
        items = []
        for n in range(self.plan.batch):
            sender = line.senders[n % len(line.senders)]
            count = self._counts[sender] = self._counts.get(sender, 0) + 1
            items.append((f"wamid.{self.ledger.run}.{sender}.{count}", sender, count))
        return Webhook(line.name, line.phone, items, posted=0.0)

    def _body(self, webhook: Webhook) -> bytes:
        at = time.time()
        messages = [text_of(id_, sender, f"{CANARY}{self.ledger.run} {count}", at)
                    for id_, sender, count in webhook.items]  # fmt: skip
        return json.dumps(body_of(webhook.phone, messages)).encode()

    # -- the API -----------------------------------------------------------------------------

    async def _api(self) -> None:
        running: set[asyncio.Task[None]] = set()
        number = 0
        while not self._stop.is_set():
            number += 1
            await asyncio.sleep(max(0.0, self.began + number / self.plan.api_rate - time.time()))
            task = asyncio.create_task(self._ask(number))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)

    async def _ask(self, number: int) -> None:
        tenant = self.product.tenants[number % len(self.product.tenants)]
        known = self._conversations.get(tenant["id"], [])
        draw = self.rng.random()
        if not known or draw < 0.4:
            await self._list(tenant)
        elif draw < 1 - self.plan.sends:
            await self._call(tenant, "GET", f"conversations/{self.rng.choice(known)}/messages")
        else:
            await self._send(tenant, self.rng.choice(known), number)

    async def _list(self, tenant: dict[str, object]) -> None:
        answer = await self._call(tenant, "GET", "conversations?limit=100")
        if answer:
            found = json.loads(answer)
            rows = found["results"]
            self._conversations[str(tenant["id"])] = [row["id"] for row in rows]

    async def _send(self, tenant: dict[str, object], conversation: str, number: int) -> None:
        said = {"type": "text", "text": f"{CANARY}{self.ledger.run} reply {number}"}
        path = f"conversations/{conversation}/messages"
        answer = await self._call(tenant, "POST", path, said, key=f"{self.ledger.run}-{number}")
        if answer:
            shown = json.loads(answer)
            self.ledger.calls[-1].sent = {"message": shown["id"], "conversation": conversation}

    async def _call(
        self, tenant: dict[str, object], method: str, path: str, body: object = None, key: str = ""
    ) -> bytes:
        headers = {"Authorization": f"Bearer {tenant['api_key']}"}
        headers |= {"Content-Type": "application/json"} if body else {}
        headers |= {"Idempotency-Key": key} if key else {}
        began = time.time()
        data = json.dumps(body).encode() if body else b""
        status, answer = await self._web.request(method, f"/api/v1/{path}", headers, data)
        ms, trace = (time.time() - began) * 1000, bool(TRACE.search(answer))
        self.ledger.calls.append(Call(method, path, status, ms, trace, began))
        return answer if 200 <= status < 300 else b""
