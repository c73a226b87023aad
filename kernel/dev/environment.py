"""The environment that every process of one running copy is given."""

import os
from dataclasses import dataclass

from kernel.dev.credentials import Credentials
from kernel.dev.layout import DataFolder
from kernel.dev.ports import HOST, Ports
from kernel.dev.servers import mongodb_uri, redis_url

DEFAULT_DATABASE = "switchboard"


@dataclass(frozen=True)
class Addresses:
    """The base URLs of what listens for HTTP, without a slash at the end."""

    web: str
    edge: str
    stream: str
    simulator: str

    @classmethod
    def of(cls, ports: Ports) -> "Addresses":
        return cls(
            web=f"http://{HOST}:{ports.web}",
            edge=f"http://{HOST}:{ports.edge}",
            stream=f"http://{HOST}:{ports.stream}",
            simulator=f"http://{HOST}:{ports.simulator}",
        )


@dataclass(frozen=True)
class Databases:
    """Where the data is: a server started here, or one that the developer brings along."""

    mongodb_uri: str
    mongodb_name: str
    redis_url: str

    @classmethod
    def embedded(cls, ports: Ports) -> "Databases":
        return cls(mongodb_uri(ports.mongod), DEFAULT_DATABASE, redis_url(ports.redis))

    @classmethod
    def from_shell(cls, ports: Ports) -> "Databases":
        """The embedded ones, except where MONGODB_URI, MONGODB_NAME or REDIS_URL is set."""
        ours = cls.embedded(ports)
        return cls(
            os.environ.get("MONGODB_URI") or ours.mongodb_uri,
            os.environ.get("MONGODB_NAME") or ours.mongodb_name,
            os.environ.get("REDIS_URL") or ours.redis_url,
        )


def build(
    folder: DataFolder, ports: Ports, credentials: Credentials, databases: Databases
) -> dict[str, str]:
    """The variables listed in `kernel.dev.processes`, over those of the developer's shell."""
    at = Addresses.of(ports)
    return dict(os.environ) | {
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "MONGODB_URI": databases.mongodb_uri,
        "MONGODB_NAME": databases.mongodb_name,
        "REDIS_URL": databases.redis_url,
        "SWITCHBOARD_ENV": "development",
        "SWITCHBOARD_DATA": str(folder.path),
        "SWITCHBOARD_SPOOL": str(folder.spool),
        "SWITCHBOARD_SECRET_KEY": credentials.secret_key,
        "SWITCHBOARD_KEY_RING": credentials.key_ring,
        "SWITCHBOARD_KEY_PEPPER": credentials.key_pepper,
        "SWITCHBOARD_PUBLIC_URL": at.web,
        "SWITCHBOARD_EDGE_URL": at.edge,
        "SWITCHBOARD_STREAM_URL": at.stream,
        "SWITCHBOARD_SIMULATOR_URL": at.simulator,
        "SWITCHBOARD_SIMULATOR_CONFIG": str(folder.simulator),
        "SWITCHBOARD_EGRESS_ALLOW": HOST,
        "META_APP_ID": credentials.app_id,
        "META_APP_SECRET": credentials.app_secret,
        "META_VERIFY_TOKEN": credentials.verify_token,
        "META_GRAPH_URL": at.simulator,
        "META_GRAPH_VERSION": "v25.0",
        "META_INSTAGRAM_APP_ID": credentials.instagram_app_id,
        "META_INSTAGRAM_APP_SECRET": credentials.instagram_app_secret,
        "META_INSTAGRAM_VERSION": "v25.0",
        # One process plays all hosts; the first part of a path names which.
        "META_INSTAGRAM_URL": f"{at.simulator}/graph.instagram.com",
        "META_INSTAGRAM_CODES_URL": f"{at.simulator}/api.instagram.com",
        "META_LOGIN_URL": f"{at.simulator}/www.facebook.com",
        "META_INSTAGRAM_LOGIN_URL": f"{at.simulator}/www.instagram.com",
    }
