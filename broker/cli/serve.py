"""`broker serve`: the broker as a process."""

import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Final

import click
import uvicorn

from broker.clock import utc_now
from broker.config.load import load
from broker.config.model import ServerConfig
from broker.errors import StoreUnavailable
from broker.http.app import create_app
from broker.policy import PolicyBook
from broker.secrets import random_name
from broker.warehouse_pool import PLACES
from broker.wiring import open_broker
from roles.errors import PolicyInvalid

_LOG_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"
_STOP_SECONDS: Final = 10
_HEADERS_BYTES: Final = 96 * 1024
"""A session token may have 64 KiB (`broker.sts.token`)."""


@click.command()
@click.option("--config", "path", type=click.Path(path_type=Path), default="broker.toml", show_default=True)
def serve(path: Path) -> None:
    """Run the broker until it is told to stop (SIGTERM, SIGINT); SIGHUP makes it read its policy again."""
    run(path)


def run(config_path: Path) -> None:
    """Serve what the configuration at `config_path` says; returns when the server was told to stop.

    Raises:
        ConfigError: the configuration cannot be used.
        KeyRingUnusable, StoreUnavailable: as they say.
    """
    config = load(config_path, os.environ)
    # The server stops gracefully on both signals, and then raises them again: as an interrupt both let us close up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.basicConfig(format=_LOG_FORMAT, level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("broker").setLevel(logging.INFO)
    with open_broker(config) as broker, broker.reaping():
        _reload_on_hangup(broker.policy)
        # So many for each warehouse, and as many that need none.
        app = create_app(broker.services, config.server, threads=PLACES * (1 + len(config.workgroups)))
        with suppress(KeyboardInterrupt):
            _Server(_settings(app, config.server), config.server.public_url).run()


def _reload_on_hangup(policy: PolicyBook) -> None:
    """Read the policy again on SIGHUP, beside the server's own thread; a bad one is logged, audited and not taken."""

    def read() -> None:
        with suppress(PolicyInvalid, StoreUnavailable):
            policy.reload(random_name(16), utc_now())

    signal.signal(signal.SIGHUP, lambda *_: Thread(target=read, name="policy", daemon=True).start())


def _settings(app: object, server: ServerConfig) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        host=server.listen_host,
        port=server.listen_port,
        ssl_certfile=server.tls_certificate,
        ssl_keyfile=server.tls_key,
        access_log=False,  # its lines hold the query, and the query may hold a state or a handle: ours don't
        log_config=None,
        server_header=False,
        proxy_headers=False,  # nothing that a client or a proxy says about itself is used
        timeout_graceful_shutdown=_STOP_SECONDS,
        h11_max_incomplete_event_size=_HEADERS_BYTES,
    )


class _Server(uvicorn.Server):
    """Says in one line that it is ready, once it really is."""

    def __init__(self, settings: uvicorn.Config, public_url: str) -> None:
        super().__init__(settings)
        self._public_url = public_url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            print(f"The broker is ready: {self._public_url} (listens on {host}:{port})", flush=True)
