"""Shuts the door where nobody looks any more: a camera that hangs keeps the loop waiting, and would leave the door as it was."""

from __future__ import annotations

import threading
import time

from changes import complain
from relay import Relay


class Watchdog:
    def __init__(self, relay: Relay, seconds: float, every: float = 1.0) -> None:
        self.relay, self.seconds, self.every = relay, seconds, every
        self.seen = time.monotonic()
        threading.Thread(target=self._watch, daemon=True).start()

    def look(self) -> None:
        """Say that the loop is alive."""
        self.seen = time.monotonic()

    def _watch(self) -> None:
        while True:
            time.sleep(self.every)
            if time.monotonic() - self.seen > self.seconds:
                try:
                    self.relay.set(False)
                except Exception as err:  # noqa: BLE001 - the next round tries again
                    complain(f"the relay cannot be set ({err})")
