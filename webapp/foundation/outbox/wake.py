"""Waking whoever works behind the pages as soon as there is work, on whichever machine it is.

The row is the truth and this is only a wake-up: workers look by themselves, too, every few seconds.
"""

import logging
from contextlib import suppress

import psycopg
from django.db import connection, transaction

from workers import bell

log = logging.getLogger(__name__)
CHANNEL = "readroom_work"


def wake() -> None:
    """Wake the workers once the transaction is committed."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")  # PostgreSQL sends it at the commit, and once
    else:
        transaction.on_commit(_ring, robust=True)


def _ring() -> None:
    bell.ring(bell.WORK)


class Alarm:
    """Sleeps until there may be work: rung on this machine, or told by PostgreSQL."""

    def __init__(self) -> None:
        self._bell = bell.Listener(bell.WORK)
        self._server: psycopg.Connection[object] | None = None

    def sleep(self, seconds: float) -> bool:
        """Sleep so long, or until woken; return whether it was."""
        server = self._listening()
        rung = self._bell.wait(seconds, also=[server.fileno()] if server else [])
        if server is not None:
            try:
                list(server.notifies(timeout=0))
            except psycopg.Error:
                self._hang_up()
        return rung

    def close(self) -> None:
        """Wake up for nothing any more."""
        self._hang_up()
        self._bell.close()

    def _listening(self) -> "psycopg.Connection[object] | None":
        """Return a connection that hears notifications; None on SQLite, or while the server is away."""
        if connection.vendor != "postgresql" or self._server is not None:
            return self._server
        options = {**connection.get_connection_params(), "autocommit": True}
        for name in ("cursor_factory", "context", "row_factory"):
            options.pop(name, None)
        try:
            self._server = psycopg.connect(**options)
            self._server.execute(f"LISTEN {CHANNEL}".encode())
        except psycopg.Error as trouble:
            log.warning("not told of work by the database: %s", type(trouble).__name__)
            self._hang_up()
        return self._server

    def _hang_up(self) -> None:
        if self._server is not None:
            with suppress(psycopg.Error):
                self._server.close()
            self._server = None
