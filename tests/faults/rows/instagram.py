"""Row 28: what only Instagram does: echoes of our sends, unsends that overtake, edits, dead links, two apps."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from tests.faults.instagram import Account, item, own_account, person, post
from tests.faults.ledger import CANARY
from tests.faults.rows import Figure, row
from tests.faults.sending import came_to, deliveries, fail_next, no_more_faults, send
from tests.faults.trial import Trial

Json = dict[str, Any]
Judge = Callable[[list[Json]], str]
DEAD = "/_media/ig_messaging_cdn/?asset_id=1&signature=ended"


@dataclass
class Thread:
    """One person's conversation on the trial's account."""

    trial: Trial
    account: Account
    igsid: str
    n: int
    id: str = ""
    sent: str = ""

    def mid(self, name: str) -> str:
        return f"wamid.{self.trial.run}.{self.igsid}.{name}"

    def write(self, name: str, **more: Any) -> Json:
        message = {"mid": self.mid(name), "text": f"{CANARY} {name}", **more}
        return item(self.account, self.igsid, message=message)

    def edit(self, name: str, number: int, text: str) -> Json:
        change = {"mid": self.mid(name), "text": f"{CANARY} {text}", "num_edit": number}
        return item(self.account, self.igsid, message_edit=change)

    def unsend(self, name: str) -> Json:
        return item(self.account, self.igsid, message={"mid": self.mid(name), "is_deleted": True})

    def echo(self, mid: str, **more: Any) -> Json:
        said = {"mid": mid, "text": f"{CANARY} ours {self.n}", "is_echo": True, **more}
        return item(self.account, self.igsid, ours=True, message=said)

    def post(self, *items: Json, mids: tuple[str, ...] = ()) -> None:
        post(self.trial, self.account, *items, mids=tuple(map(self.mid, mids)))

    def reply(self) -> str:
        self.sent = send(self.trial, self.id, f"ours {self.n}", tenant=self.account.tenant)
        return self.sent


# ------------------------------------------------------------------------------- the cases


def own_echo(thread: Thread) -> Judge:
    """The echo after the answer, twice more, with and without the app that sent it."""
    sent = thread.reply()
    thread.trial.require(not came_to(thread.trial, [sent], "accepted", 30), "a send was not taken")
    mid = deliveries(thread.trial, [sent])[sent]["external_id"]
    app = thread.trial.product.env["META_APP_ID"]
    thread.post(thread.echo(mid), thread.echo(mid, app_id=int(app)))
    thread.post(item(thread.account, thread.igsid, read={"mid": mid}))
    return lambda shown: _is_ours(thread, shown, "read")


def echo_first(thread: Thread) -> Judge:
    """The answer comes byte by byte, the echo is there long before it ends."""
    fail_next(thread.trial, thread.account, drip=True, interval_ms=5)
    thread.trial.require(not came_to(thread.trial, [thread.reply()], "accepted", 30), "dripped")
    return lambda shown: _is_ours(thread, shown, "accepted")


def echo_alone(thread: Thread) -> Judge:
    """There is no answer at all: the echo, which names no app, tells what became of the send."""
    fail_next(thread.trial, thread.account, reset_after=True)
    left = came_to(thread.trial, [thread.reply()], "accepted", 30)
    thread.trial.require(not left, "the echo did not prove the send")
    return lambda shown: _is_ours(thread, shown, "accepted")


def _is_ours(thread: Thread, shown: list[Json], status: str) -> str:
    found = [(m["id"], m["status"]) for m in shown[1:]]
    return "" if found == [(thread.sent, status)] else f"{found} instead of one {status}"


def unsent_first(thread: Thread) -> Judge:
    """The unsend before its message, between two copies of it, and in one body with it."""
    share = {"type": "ig_post", "payload": {"title": CANARY, "url": "https://a.example/p"}}
    message = thread.write("gone", attachments=[share])
    gone = thread.unsend("gone")
    order = (
        ([gone], [message], [message]),
        ([message], [gone], [message]),
        ([gone, message], [gone]),
    )
    for items in order[thread.n % 3]:
        thread.post(*items, mids=("gone",) if message in items else ())
    thread.post(thread.edit("gone", 1, "back again"))
    return lambda shown: _is_gone(thread, shown)


def _is_gone(thread: Thread, shown: list[Json]) -> str:
    (kept, *more) = shown[1:]
    raw = thread.trial.product.database["messages"].find_one({"external_id": thread.mid("gone")})
    words = [kept["text"], *kept["edits"], *kept["attachments"], raw["text"], *raw["content"]]
    if more or any(words) or kept["revoked_at"] is None:
        return f"resurrected: {len(more)} more, {sum(map(bool, words))} words"
    return ""


def read_unknown(thread: Thread) -> Judge:
    """A mark of reading for a message that nobody knows."""
    thread.post(item(thread.account, thread.igsid, read={"mid": thread.mid("never")}))
    return lambda shown: "" if len(shown) == 1 else f"{len(shown)} messages instead of 1"


def edits(thread: Thread) -> Judge:
    """Edits repeated, in the wrong order, and before what they change."""
    message = thread.write("first")
    told = [thread.edit("first", 2, "third"), message, thread.edit("first", 1, "second")]
    for one in thread.trial.rng.sample(told, len(told)) + told:
        thread.post(one, mids=("first",) if one is message else ())
    wanted = [f"{CANARY} {word}" for word in ("first", "second", "third")]

    def judge(shown: list[Json]) -> str:
        said = [[*(edit["text"] for edit in m["edits"]), m["text"]] for m in shown[1:]]
        return "" if said == [wanted] else f"edits: {said}"

    return judge


def edited_into_being(thread: Thread) -> Judge:
    """A new message is told as its edit number 0, by nobody to nobody; the message itself may follow."""
    mid = f"aWdf{thread.trial.run}{thread.n}"
    said = f"{CANARY} new"
    message = item(thread.account, thread.igsid, message={"mid": mid, "text": said})

    def announce() -> None:
        thread.trial.product.simulator.do(
            "instagram/inject", ig_id=thread.account.phone, **{"from": thread.igsid}, type="edit",
            mid=mid, num_edit=0, omit=["sender", "recipient"], body=said,
        )  # fmt: skip

    for step in ((announce,), (announce, thread.post), (thread.post, announce))[thread.n % 3]:
        step(message) if step == thread.post else step()
    return lambda shown: "" if [m["text"] for m in shown[1:]] == [said] else f"{len(shown)} shown"


def dead_links(thread: Thread) -> Judge:
    """A story that mentions us and has ended, and a picture that is gone: both are shown all the same."""
    url = f"{thread.trial.product.stack.addresses.simulator}{DEAD}"
    for name, kind in (("story", "story_mention"), ("picture", "image")):
        said = {"mid": thread.mid(name), "attachments": [{"type": kind, "payload": {"url": url}}]}
        thread.post(item(thread.account, thread.igsid, message=said), mids=(name,))

    def judge(shown: list[Json]) -> str:
        story, picture = shown[1:]
        states = [file["state"] for file in picture["attachments"]]
        right = (story["type"], story["attachments"], picture["type"]) == ("story_mention", [], "image")  # fmt: skip
        return "" if right and states == ["failed"] else f"dead links: {states}, {story['type']}"

    return judge


def two_apps(thread: Thread) -> Judge:
    """One message comes through the installation's two apps and the tenant's own, all at once."""
    product, account = thread.trial.product, thread.account
    message = thread.write("twice")
    ways = [("", "/webhooks/meta"), (product.env["META_INSTAGRAM_APP_SECRET"], "/webhooks/meta"),
            (account.secret, f"/webhooks/channels/{account.channel}")]  # fmt: skip

    def bring(secret: str, path: str) -> None:
        mids = (thread.mid("twice"),)
        post(thread.trial, account, message, mids=mids, secret=secret, path=path)

    threads = [threading.Thread(target=bring, args=way) for way in ways]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return lambda shown: "" if len(shown) == 2 else f"{len(shown) - 1} messages of one mid"


CASES = (own_echo, echo_first, echo_alone, unsent_first, read_unknown, edits, edited_into_being,
         dead_links, two_apps)  # fmt: skip


# ---------------------------------------------------------------------------------- the row


@row(28, "Instagram specials", short=True)
def specials(trial: Trial) -> Figure:
    """Each case with people of its own; then the same mid on the account of another tenant."""
    account, rounds = own_account(trial), trial.pick(3, 30)
    threads = _threads(trial, account, len(CASES) * rounds)
    try:
        told = [(CASES[n % len(CASES)], thread) for n, thread in enumerate(threads)]
        judges = [(case.__name__, thread, case(thread)) for case, thread in told]
    finally:
        no_more_faults(trial)
    twins = _twins(trial, account)
    trial.settle()
    _await_checks(trial, threads)
    wrong = [f"{name} {thread.n}: {said}" for name, thread, judge in judges
             if (said := _judged(thread, judge))]  # fmt: skip
    trial.require(not wrong, f"{len(wrong)} threads are wrong: {wrong[:5]}")
    trial.require(twins == 2, f"the same mid of two accounts is stored {twins} times")
    unknown = _forget_unknown(trial, threads)
    trial.require(unknown == rounds, f"{unknown} of {rounds} unknown read marks are kept")
    kinds = Counter(said.split(":")[0] for said in wrong)
    return {"threads": len(threads), "cases": len(CASES), "wrong": sum(kinds.values()),
            "resurrected": sum("resurrected" in said for said in wrong)}  # fmt: skip


def _threads(trial: Trial, account: Account, count: int) -> list[Thread]:
    """People who have said hello; their conversations."""
    threads = [Thread(trial, account, person(trial, n), n) for n in range(count)]
    for thread in threads:
        thread.post(thread.write("hello"), mids=("hello",))
    rows = trial.product.database["messages"]
    where = {"external_id": {"$in": [thread.mid("hello") for thread in threads]}}
    trial.product.wait_until(lambda: rows.count_documents(where) == count, 60)
    talks = {found["external_id"]: str(found["conversation_id"]) for found in rows.find(where)}
    for thread in threads:
        thread.id = talks[thread.mid("hello")]
    return threads


def _await_checks(trial: Trial, threads: list[Thread]) -> None:
    """What waits beside a send for its end, and what is read at the provider, is work of its own."""
    database = trial.product.database
    channel = {"channel_id": ObjectId(threads[0].account.channel)}

    def is_done() -> bool:
        waiting = database["message_updates"].find_one(
            {**channel, "kind": "echo", "message_id": ""}
        )
        reading = database["lookups"].find_one({**channel, "open": True})
        return waiting is None and reading is None

    trial.product.wait_until(is_done, 30)


def _judged(thread: Thread, judge: Judge) -> str:
    path, tenant = f"conversations/{thread.id}/messages?limit=50", thread.account.tenant
    _, shown = thread.trial.product.api("GET", path, tenant=tenant)
    messages = sorted(shown["results"], key=lambda message: message["seq"])
    try:
        return judge(messages)
    except ValueError as error:  # fewer or more messages than the case looks at
        return f"{len(messages)} messages: {error}"


def _twins(trial: Trial, account: Account) -> int:
    """A mid is one account's: another tenant's account may have the same."""
    other = own_account(trial, 1)
    mid = f"aWdf{trial.run}twin"
    for one, n in ((account, 900), (other, 901)):
        said = {"mid": mid, "text": f"{CANARY} twin"}
        post(trial, one, item(one, person(trial, n), message=said))
    rows = trial.product.database["messages"]
    trial.product.wait_until(lambda: rows.count_documents({"external_id": mid}) == 2, 30)
    return int(rows.count_documents({"external_id": mid}))


def _forget_unknown(trial: Trial, threads: list[Thread]) -> int:
    """Marks of what nobody knows are kept, each once; other rows count what belongs to nothing."""
    parked = trial.product.database["message_updates"]
    where = {"external_id": {"$in": [thread.mid("never") for thread in threads]}}
    return int(parked.delete_many(where).deleted_count)
