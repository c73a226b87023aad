"""The processes of the product: their names, commands, and the environment that they read.

Every process gets these variables (`kernel.dev.environment.build`), and `config/settings` reads
exactly these; a deployment sets the same names:

    MONGODB_URI, MONGODB_NAME       the replica set and the database in it
    REDIS_URL                       broker, cache, rate limits, event streams
    DJANGO_SETTINGS_MODULE          config.settings
    SWITCHBOARD_ENV                 development | production
    SWITCHBOARD_DATA                absolute folder for files of this copy
    SWITCHBOARD_SPOOL               folder where the edge keeps webhooks while MongoDB is away
    SWITCHBOARD_SECRET_KEY          Django's signing key
    SWITCHBOARD_KEY_RING            keys that wrap the tenants' and people's data keys:
                                    "<id>:<base64 of 32 bytes>", comma-separated, newest first
    SWITCHBOARD_KEY_PEPPER          pepper of the API keys' HMAC
    SWITCHBOARD_PUBLIC_URL          the web's address as browsers know it
    SWITCHBOARD_EDGE_URL            the webhook edge's, as providers know it
    SWITCHBOARD_STREAM_URL          the event stream's
    SWITCHBOARD_SIMULATOR_URL       the simulator's (development)
    SWITCHBOARD_SIMULATOR_CONFIG    the file that the simulator was started with (development)
    SWITCHBOARD_EGRESS_ALLOW        addresses in private ranges that outgoing calls may reach
    META_APP_ID, META_APP_SECRET    the Meta app that all tenants share
    META_VERIFY_TOKEN               answers Meta's webhook handshake
    META_GRAPH_URL                  the Graph API: the simulator's address in development
    META_GRAPH_VERSION              its version, for example v25.0
    META_INSTAGRAM_APP_ID, META_INSTAGRAM_APP_SECRET    the app of Instagram Login
    META_INSTAGRAM_VERSION          the version that Instagram is asked by
    META_INSTAGRAM_URL, META_INSTAGRAM_CODES_URL    Instagram's API, and where codes are exchanged
    META_LOGIN_URL, META_INSTAGRAM_LOGIN_URL        where owners consent: the simulator, in development
    PYTHONUNBUFFERED                1, so that log lines appear when they are written
"""

import sys
from dataclasses import dataclass

from kernel.dev.declaration import Process, Tier
from kernel.dev.environment import Addresses
from kernel.dev.layout import DataFolder
from kernel.dev.ports import HOST, Ports
from kernel.dev.probes import answers, printed


@dataclass(frozen=True)
class WorkerClass:
    """A group of Celery queues that share processes.

    `pool` is "prefork" (one task per process, a stuck one can be killed) or "threads" (cheap
    concurrency for work that waits on the network).
    """

    name: str
    queues: tuple[str, ...]
    pool: str
    concurrency: int


# In a development container everything runs as root; eight lines at each start say nothing new.
ROOT_WARNING_OFF = "ignore:You're running the worker with superuser privileges"

# Inbound is one process: its tasks drain batches and are bound by the database, not by waiting.
WORKER_CLASSES = (
    WorkerClass("inbound", ("inbound",), "prefork", 1),
    # Outbound waits for providers: a slow one must not keep the others waiting.
    WorkerClass("outbound", ("outbound", "default"), "threads", 8),
)


def all_processes(folder: DataFolder, ports: Ports) -> tuple[Process, ...]:
    """Every process but the databases, in the order of starting.

    Names: simulator, worker-inbound, worker-outbound, beat, web, edge, stream.
    """
    return (
        simulator(folder, ports),
        *(worker(each) for each in WORKER_CLASSES),
        beat(folder),
        web(folder, ports),
        edge(ports),
        stream(ports),
    )


def simulator(folder: DataFolder, ports: Ports) -> Process:
    command = (
        *(sys.executable, "-m", "channels.simulator.meta"),
        *("--host", HOST, "--port", str(ports.simulator), "--config", str(folder.simulator)),
    )
    live = answers(f"{Addresses.of(ports).simulator}/_sim/state")
    return Process("simulator", command, Tier.SIMULATOR, ready=live)


def worker(kind: WorkerClass) -> Process:
    command = (
        *(sys.executable, "-m", "celery", "-A", "config", "--quiet", "worker"),
        *("-Q", ",".join(kind.queues), "-n", f"{kind.name}@%h"),
        *("-P", kind.pool, "-c", str(kind.concurrency), "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    )
    return Process(
        f"worker-{kind.name}",
        command,
        Tier.WORKER,
        ready=printed(" ready."),
        canaries=kind.queues,
        env={"PYTHONWARNINGS": ROOT_WARNING_OFF},
    )


def beat(folder: DataFolder) -> Process:
    """The clock of the sweeper and the canaries. Wedged, it leaves every canary overdue."""
    command = (
        *(sys.executable, "-m", "celery", "-A", "config", "--quiet", "beat"),
        *("--schedule", str(folder.path / "celerybeat"), "--pidfile", ""),
        *("--loglevel", "WARNING"),
    )
    queues = tuple(queue for kind in WORKER_CLASSES for queue in kind.queues)
    return Process("beat", command, Tier.DOOR, canaries=queues)


def web(folder: DataFolder, ports: Ports) -> Process:
    """The site, the API and the backoffice: WSGI, two processes of four threads."""
    command = (
        *granian("wsgi", "config.wsgi:application", ports.web),
        *("--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers"),
        *("--respawn-interval", "0.5", "--no-ws"),
        *("--static-path-route", "/static", "--static-path-mount", str(folder.static)),
        *("--static-path-expires", "0"),
    )
    return Process("web", command, Tier.DOOR, ready=answers(f"{Addresses.of(ports).web}/live"))


def edge(ports: Ports) -> Process:
    """Where providers deliver webhooks: a bare ASGI application."""
    command = (
        *granian("asgi", "webhooks.edge.app:app", ports.edge),
        *("--workers", "1", "--no-ws"),
        # Its parent keeps the socket: webhooks wait in the backlog while a killed worker comes back.
        *("--respawn-failed-workers", "--respawn-interval", "0.1"),
    )
    return Process("edge", command, Tier.DOOR, ready=answers(f"{Addresses.of(ports).edge}/live"))


def stream(ports: Ports) -> Process:
    """Server-sent events. Connections stay open, so stopping has a limit."""
    command = (
        *granian("asgi", "config.asgi:application", ports.stream),
        *("--workers", "1", "--no-ws"),
    )
    live = answers(f"{Addresses.of(ports).stream}/live")
    return Process("stream", command, Tier.DOOR, ready=live)


def granian(interface: str, application: str, port: int) -> tuple[str, ...]:
    """The command of a server; workers and threads are added by who starts it."""
    uvloop = ("--loop", "uvloop") if interface == "asgi" else ()
    return (
        *(sys.executable, "-m", "granian", "--interface", interface, application),
        *("--host", HOST, "--port", str(port), "--log-level", "warning"),
        *("--workers-kill-timeout", "5"),
        *uvloop,
    )
