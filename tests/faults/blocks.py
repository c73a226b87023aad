"""A process of the product's own code that runs transactions while the server fails its commits.

Row 112 starts it, after `django.setup()`, with {"faults": [[command, data, times], …], "blocks": 100,
"name": …}. It prints one line of JSON: blocks run, retried, failed cleanly; blocks that wrote
outside a transaction on the wire; sessions left behind; rows that disagree with the outcome.
"""

import json
import sys
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from pymongo import MongoClient, monitoring
from pymongo.errors import PyMongoError

from kernel.clock import now
from kernel.errors import DomainError
from kernel.models import Canary
from kernel.mongo.doors import collection
from kernel.mongo.transactions import run_transaction


class Wire(monitoring.CommandListener):
    """What this process says to the server: inserts with and without a transaction, commits."""

    def __init__(self) -> None:
        self.inserts: list[bool] = []

    def started(self, event: Any) -> None:
        if event.command_name == "insert" and event.command.get("insert") == "canaries":
            self.inserts.append(
                "txnNumber" in event.command and event.command.get("autocommit") is False
            )

    def succeeded(self, event: Any) -> None:
        return

    def failed(self, event: Any) -> None:
        return


def main(asked: dict[str, Any]) -> dict[str, Any]:
    wire = Wire()
    options = settings.DATABASES["default"]["OPTIONS"]
    options["event_listeners"] = [*options["event_listeners"], wire]
    options["appname"] = asked["name"]
    connection.settings_dict["OPTIONS"].update(options)
    connection.close_pool()
    admin: MongoClient[Any] = MongoClient(settings.MONGODB_URI)
    found = {"blocks": 0, "retried": 0, "failed": 0, "non_transactional": 0, "leftover_sessions": 0,
             "wrong_rows": 0}  # fmt: skip
    for number, (command, data, times) in enumerate(asked["faults"]):
        admin.admin.command(
            "configureFailPoint", "failCommand", mode={"times": times},
            data={"failCommands": [command], "appName": asked["name"], **data},
        )  # fmt: skip
        for block in range(asked["blocks"]):
            _block(f"{asked['name']}-{number}-{block}", wire, found)
        admin.admin.command("configureFailPoint", "failCommand", mode="off")
    collection(Canary).delete_many({"queue": {"$gte": asked["name"], "$lt": asked["name"] + "~"}})
    return found


def _block(queue: str, wire: Wire, found: dict[str, int]) -> None:
    wire.inserts.clear()
    runs = 0

    def body() -> None:
        nonlocal runs
        runs += 1
        Canary(queue=f"{queue}"[:40], seen_at=now()).save(force_insert=True)

    done = True
    try:
        run_transaction(body)
    except (PyMongoError, DomainError, DatabaseError):
        done = False
    found["blocks"] += 1
    found["retried"] += runs > 1
    found["failed"] += not done
    found["non_transactional"] += not all(wire.inserts) or not wire.inserts
    found["leftover_sessions"] += bool(connection.session or connection.in_atomic_block_mongo)
    rows = collection(Canary).count_documents({"queue": queue[:40]})
    found["wrong_rows"] += rows != (1 if done else 0)


def run() -> None:
    """The entry: the request is the last argument."""
    print(json.dumps(main(json.loads(sys.argv[-1]))))
