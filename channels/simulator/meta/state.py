"""All that the simulator knows, in one object with `reset()`."""

from __future__ import annotations

import base64
import copy
import hashlib
import random
import secrets
import time
from collections import OrderedDict, deque
from typing import Any

from channels.simulator.meta.faults import Fault
from channels.simulator.meta.instagram.state import InstagramState
from channels.simulator.meta.ledger import Ledger
from channels.simulator.meta.records import (
    Burst,
    Code,
    Customer,
    Json,
    Media,
    Message,
    Number,
    Template,
    Token,
    Upload,
    Waba,
)
from channels.simulator.meta.settings import Chaos, Settings, apply_patch
from channels.simulator.meta.templates_seed import seed_templates

MESSAGES_KEPT = 200_000
THREAD_KEPT = 400
LEDGER_KEPT = 50_000
DAY = 86_400
SCOPES = ["whatsapp_business_messaging", "whatsapp_business_management"]


class State:
    """Numbers, customers, messages, ledgers and switches. `epoch` changes with every reset."""

    def __init__(self, config: Json) -> None:
        self.epoch = 0
        self.reset(config)

    def reset(self, config: Json | None = None) -> None:
        """Back to the configuration of the start, or to `config` when given."""
        if config is not None:
            self.config: Json = copy.deepcopy(config)
        self.epoch += 1
        self.settings = Settings()
        self.chaos = Chaos()
        self.random = random.Random(0)
        self.clock_offset_s = 0.0
        self.app_id = str(self.config.get("app_id", "100000000000001"))
        self.app_secret = str(self.config.get("app_secret", "simulated-app-secret"))
        self.verify_token = str(self.config.get("verify_token", "simulated-verify-token"))
        self.webhook_url = str(self.config.get("webhook_url", ""))
        self.callback_verified = False
        self._forget()
        self.instagram = InstagramState(self.config, self.tokens, self.now)
        self._load()

    def _forget(self) -> None:
        self.numbers: dict[str, Number] = {}
        self.wabas: dict[str, Waba] = {}
        self.customers: dict[str, Customer] = {}
        self.by_bsuid: dict[str, str] = {}
        self.tokens: dict[str, Token] = {}
        self.codes: dict[str, Code] = {}
        self.media: dict[str, Media] = {}
        self.uploads: dict[str, Upload] = {}
        self.handles: dict[str, Upload] = {}
        self.templates: dict[str, Template] = {}
        self.messages: OrderedDict[str, Message] = OrderedDict()
        self.threads: dict[tuple[str, str], deque[str]] = {}
        self.last_inbound: dict[tuple[str, str], float] = {}
        self.open_telephones: dict[tuple[str, str], int] = {}
        self.read_by_business: set[str] = set()
        self.sends: dict[Any, deque[float]] = {}
        self.bursts: dict[tuple[str, str], Burst] = {}
        self.faults: list[Fault] = []
        self.requests = Ledger(LEDGER_KEPT)
        self.webhooks = Ledger(LEDGER_KEPT)
        self.loads: list[Json] = []
        self._next_id = 840_000_000_000_000 + secrets.randbelow(10**9) * 1000

    def _load(self) -> None:
        patch = dict(self.config.get("settings", {}))
        for name in ("status_delay_ms", "auto_read", "auto_subscribe"):
            if name in self.config:
                patch[name] = self.config[name]
        apply_patch(self.settings, patch)
        apply_patch(self.chaos, dict(self.config.get("chaos", {})))
        self.random.seed(self.chaos.seed)
        for item in self.config.get("numbers", []):
            self.add_number(item)
        for item in self.config.get("customers", []):
            self.add_customer(item)

    def now(self) -> float:
        """Unix seconds by the simulator's clock, which a test can move."""
        return time.time() + self.clock_offset_s

    def new_id(self) -> str:
        """A fresh numeric id, as Meta gives to media and templates."""
        self._next_id += 1 + secrets.randbelow(90)
        return str(self._next_id)

    def new_wamid(self) -> str:
        """A fresh message id in WhatsApp's form."""
        return "wamid.HBgM" + base64.b64encode(secrets.token_bytes(30)).decode()

    def add_number(self, item: Json) -> Number:
        """Add or replace a business number with its WABA, token and seed templates."""
        number = Number(**{name: str(value) for name, value in item.items()})
        self.numbers[number.phone_number_id] = number
        if number.waba_id not in self.wabas:
            waba = Waba(number.waba_id, number.verified_name)
            if self.settings.auto_subscribe:
                waba.subscribed_apps.append(self.app_id)
            self.wabas[number.waba_id] = waba
            for template in seed_templates(number.waba_id, int(self.new_id()) * 10):
                self.templates[template.template_id] = template
        self.grant(number.access_token, number)
        return number

    def grant(self, value: str, number: Number) -> Token:
        """Let the token `value` act on `number` and its WABA; it may already act on others."""
        fresh = Token(value, [], [], list(SCOPES), issued_at=self.now())
        token = self.tokens.setdefault(value, fresh)
        if number.phone_number_id not in token.phone_number_ids:
            token.phone_number_ids.append(number.phone_number_id)
        if number.waba_id not in token.waba_ids:
            token.waba_ids.append(number.waba_id)
        return token

    def add_customer(self, item: Json) -> Customer:
        """Add a customer or change the one with the same `wa_id`."""
        wa_id = str(item["wa_id"])
        known = self.customers.get(wa_id) or Customer(wa_id, f"+{wa_id}")
        apply_patch(known, item)
        self.customers[wa_id] = known
        if known.bsuid:
            self.by_bsuid[known.bsuid] = wa_id
        return known

    def customer(self, key: str) -> Customer:
        """The customer with this `wa_id` or BSUID; an unknown one begins to exist."""
        wa_id = self.by_bsuid.get(key, key)
        return self.customers.get(wa_id) or self.add_customer({"wa_id": wa_id})

    def add_media(
        self, phone_number_id: str, mime_type: str, content: bytes, origin: str, filename: str = ""
    ) -> Media:
        """Keep bytes: 30 days when the business uploaded them, 7 when a customer sent them."""
        now = self.now()
        media = Media(
            media_id=self.new_id(),
            phone_number_id=phone_number_id,
            mime_type=mime_type,
            content=content,
            sha256=hashlib.sha256(content).hexdigest(),
            origin=origin,
            created_at=now,
            expires_at=now + (30 if origin == "upload" else 7) * DAY,
            filename=filename,
        )
        self.media[media.media_id] = media
        return media

    def add_message(self, message: Message) -> Message:
        """Keep a message in its thread; the oldest of a long thread or a long run are forgotten."""
        self.messages[message.wamid] = message
        if len(self.messages) > MESSAGES_KEPT:
            self.messages.popitem(last=False)
        self.threads.setdefault(message.thread, deque(maxlen=THREAD_KEPT)).append(message.wamid)
        return message

    def is_window_open(self, phone_number_id: str, wa_id: str) -> bool:
        """Whether the customer wrote to this number within the last 24 hours."""
        last = self.last_inbound.get((phone_number_id, wa_id))
        return last is not None and self.now() - last < DAY

    def reads_messages(self, customer: Customer, phone_number_id: str) -> bool:
        """Whether a message that arrives now is read at once (and the business is told)."""
        is_open = self.open_telephones.get((phone_number_id, customer.wa_id), 0) > 0
        wanted = self.settings.auto_read if customer.auto_read is None else customer.auto_read
        return customer.read_receipts and customer.reachable and (is_open or wanted)
