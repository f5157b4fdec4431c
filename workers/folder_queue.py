"""The embedded queue: kombu's folder of messages, whose reader sleeps until a bell rings.

kombu's own transport lists the folder at an interval, so it is either late or busy. This one is neither: whoever puts
a message rings (`workers.dispatch.dispatch`), and so does whoever makes room for the next one.
"""

import time
from queue import Empty
from typing import Any

from kombu.transport import filesystem

from workers import bell

#: Seconds between looks where nobody rings.
SLOW_LOOK = 1.0


class Channel(filesystem.Channel):
    """A folder of messages."""

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:  # noqa: FBT001, FBT002 - kombu's signature
        """Acknowledge a message; the next one may then be read."""
        super().basic_ack(delivery_tag, multiple=multiple)
        bell.ring(bell.QUEUE)


class Transport(filesystem.Transport):
    """Reads the folder when the bell rings."""

    Channel = Channel
    _listener: bell.Listener | None = None

    def drain_events(self, connection: Any, timeout: float | None = None, **_others: Any) -> None:  # noqa: ARG002 - kombu's
        """Deliver the next message.

        Raises
        ------
        TimeoutError
            If none comes in time (`socket.timeout`, as kombu expects).
        """
        if self._listener is None:
            self._listener = bell.Listener(bell.QUEUE)
        assert self.cycle is not None, "kombu makes it with the transport"
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                self.cycle.get(self._deliver, timeout=timeout)
            except Empty:
                left = SLOW_LOOK if deadline is None else deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError from None
                self._listener.wait(min(left, SLOW_LOOK))
            else:
                return

    def close_connection(self, connection: Any) -> None:
        """Listen no longer."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        super().close_connection(connection)
