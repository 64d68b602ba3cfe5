"""Make a folder of any number of photos out of those that there are."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from job import run_job
from PIL import Image


def make(folder: str, photos: str, wanted: int, seed: int) -> dict[str, Any]:
    """Write so many photos; the first are the files themselves, the others are cut a little and written again."""
    sources = sorted(Path(photos).rglob("*.jpg"))
    random.Random(seed).shuffle(sources)
    for number in range(wanted):
        source, view = sources[number % len(sources)], number // len(sources)
        target = Path(folder) / source.parent.name / f"{number:05}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        if view == 0:
            target.write_bytes(source.read_bytes())
        else:
            with Image.open(source) as image:
                box = (2 * view, view, image.width - view, image.height - 2 * view)
                image.convert("RGB").crop(box).save(target, quality=90)
    return {"photos": wanted}


if __name__ == "__main__":
    run_job({"make": make})
