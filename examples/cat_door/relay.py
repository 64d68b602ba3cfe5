"""What locks and unlocks the flap: a pin of a Raspberry Pi where there is one, else a simulated relay."""

from __future__ import annotations

from typing import Protocol


class Relay(Protocol):
    def set(self, is_open: bool) -> None:
        """Unlock the flap, or lock it. It may raise any error."""


class SimulatedRelay:
    """Remembers what it was told, and prints what changes."""

    def __init__(self, quiet: bool = False) -> None:
        self.is_open, self.quiet = False, quiet

    def set(self, is_open: bool) -> None:
        if is_open != self.is_open and not self.quiet:
            print("the door opens" if is_open else "the door shuts")
        self.is_open = is_open


class GpioRelay:
    """A relay on a GPIO pin: without power, and before the program runs, the flap is locked."""

    def __init__(self, pin: int) -> None:
        from gpiozero import OutputDevice  # pip install gpiozero; it comes with Raspberry Pi OS

        self.device = OutputDevice(pin, initial_value=False)

    def set(self, is_open: bool) -> None:
        self.device.value = is_open
