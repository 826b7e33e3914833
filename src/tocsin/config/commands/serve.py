"""``tocsin serve``: the web server, gunicorn with threads, the engine loaded before the first request.

A thread sees whole requests only: ``config/patience.py`` says how long a peer may take.
"""

import argparse
import os
from typing import Any

from django.core.wsgi import get_wsgi_application
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from tocsin.config.logs import HideReceipts
from tocsin.config.patience import CONNECTIONS, PatientWorker

HELP = "The web server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen, and how wide."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default %(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="server processes (default %(default)s)")
    parser.add_argument("--threads", type=int, default=16, help="threads in each (default %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Serve until told to stop."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.config.settings")
    Server(host=args.host, port=args.port, workers=args.workers, threads=args.threads).run()
    return 0


_HIDE = HideReceipts()


class DiscreetLogger(Logger):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn's own log, which names paths and peers where something goes wrong."""

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn, also when it reloads."""
        super().setup(cfg)
        self.error_log.addFilter(_HIDE)


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn, configured from code."""

    def __init__(self, *, host: str, port: int, workers: int, threads: int) -> None:
        self._options = {
            "bind": f"{host}:{port}",
            "workers": workers,
            "threads": threads,
            "worker_class": PatientWorker,
            "worker_connections": CONNECTIONS,
            "logger_class": DiscreetLogger,
            "timeout": 60,
            "graceful_timeout": 10,
            "keepalive": 5,
            "limit_request_line": 4094,
            "limit_request_fields": 60,
            "control_socket_disable": True,
            "post_worker_init": _warm_up,
            "loglevel": "warning",
        }
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn."""
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """Called by gunicorn in each worker."""
        return get_wsgi_application()


def _warm_up(worker: Any) -> None:  # noqa: ARG001 - gunicorn's signature
    """Load the engine, so that the first visitor waits no longer than the next."""
    # Imported here because models can only be imported once the application above is set up, in the worker.
    from tocsin.campaigns.assessing import detector  # noqa: PLC0415

    detector().assess("")
