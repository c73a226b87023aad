"""Instagram accounts of a trial's own, and the items that their webhooks hold."""

import json
import secrets
import time
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.faults.http import signature
from tests.faults.ledger import SENDERS
from tests.faults.posting import Poster
from tests.faults.sending import Number
from tests.faults.trial import Trial

Json = dict[str, Any]
_later = count(1)


@dataclass
class Account(Number):
    """`phone` is the account's id. `secret` is that of an app of the tenant's own, beside the installation's two."""

    secret: str = ""


def own_account(trial: Trial, tenant: int = 0) -> Account:
    """A connected account that only this trial uses."""
    ig_id, secret = f"17841{secrets.randbelow(10**12):012d}", secrets.token_hex(16)
    account = Account(ig_id, "", f"IGAA{secrets.token_hex(40)}", tenant, secret=secret)
    product = trial.product
    product.simulator.do("instagram/accounts", ig_id=ig_id, username=f"own{ig_id[-6:]}",
                         access_token=account.token)  # fmt: skip
    product.tokens += [account.token, secret]
    product.more_numbers[ig_id] = product.tenants[tenant]["id"]
    body = {"kind": "instagram", "name": "Own", "access_token": account.token, "app_secret": secret}
    status, shown = product.api("POST", "channels", body, tenant=tenant)
    trial.require(status == 201, f"connecting was answered {status}: {shown.get('code')}")
    account.channel = str(shown.get("id", ""))
    return account


def person(trial: Trial, n: int) -> str:
    """Somebody on Instagram, whom the simulator knows too; their id is one that no log may show."""
    igsid = f"{SENDERS}{96000 + n:05d}"
    trial.product.simulator.do("instagram/people", igsid=igsid, username=f"p{n}", has_written=True)
    return igsid


def item(account: Account, igsid: str, *, ours: bool = False, **what: Any) -> Json:
    """One element of `messaging`, later than every one before it."""
    ends = {"id": igsid}, {"id": account.phone}
    sender, recipient = reversed(ends) if ours else ends
    at = int(time.time() * 1000) + next(_later)
    return {"sender": sender, "recipient": recipient, "timestamp": at, **what}


def body_of_items(account: Account, *items: Json) -> bytes:
    """A webhook's body."""
    entry = {"id": account.phone, "time": int(time.time() * 1000), "messaging": list(items)}
    return json.dumps({"object": "instagram", "entry": [entry]}).encode()


def post(
    trial: Trial, account: Account, *items: Json, mids: tuple[str, ...] = (), secret: str = "",
    path: str = "/webhooks/meta",
) -> None:  # fmt: skip
    """Post items in one body; `mids` are those that may not be lost."""
    body = body_of_items(account, *items)
    kept = [(mid, account.phone, 0) for mid in mids]
    headers = [("X-Hub-Signature-256", signature(secret, body))] if secret else None
    status = Poster(trial).post(body, kept, phone=account.phone, headers=headers, path=path)
    trial.require(status == 200, f"a webhook was answered {status}")
