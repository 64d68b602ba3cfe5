"""Run the cat door: python main.py cats.gatera --folder frames/ [--pin 17]."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from cameras import FolderCamera, OpenCvCamera
from door import CatDoor, Rules
from relay import GpioRelay, SimulatedRelay
from watchdog import Watchdog


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "program", type=Path, help="the program; a new one may be moved into its place at any time"
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--folder", type=Path, help="where a camera writes photos")
    where.add_argument("--camera", type=int, help="the number of a camera, by OpenCV")
    parser.add_argument(
        "--pin", type=int, help="the GPIO pin of the relay; without it the relay is simulated"
    )
    parser.add_argument("--cat", default=Rules.cat, help="the label that opens")
    parser.add_argument("--sure", type=float, default=Rules.sure, help="how sure the program must be, 0 to 1")
    parser.add_argument("--log", type=Path, default=Path("cat_door.jsonl"))
    given = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        relay = SimulatedRelay() if given.pin is None else GpioRelay(given.pin)
        camera = FolderCamera(given.folder) if given.folder else OpenCvCamera(given.camera)
        door = CatDoor(given.program, relay, given.log, Rules(cat=given.cat, sure=given.sure))
    except (OSError, ValueError, ImportError) as err:  # a name that is misspelt, a package that is missing
        sys.exit(f"Error: {err}")
    watchdog = Watchdog(relay, door.rules.hold_seconds)
    try:
        while True:
            watchdog.look()
            try:
                frame, lost = camera.frame(), ""
            except OSError as err:  # the folder is gone, or the camera
                frame, lost = None, str(err)
            door.look(frame, lost)
            time.sleep(0.2)
    except KeyboardInterrupt:
        pass
    finally:
        relay.set(False)


if __name__ == "__main__":
    main()
