"""From predictions to what a client gets: JSON, a line of it for each input, or a mask as PNG."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image
from starlette.responses import Response

from gatera.program.prediction import Prediction
from gatera.web.errors import JSON_TYPE, as_json

#: The header that names the program that answered.
PROGRAM_HEADER = "gatera-program"


def as_bytes(value: Any) -> bytes:
    """Return a value as JSON; numbers that are not finite become null."""
    try:
        return as_json(value)
    except ValueError:
        return as_json(_finite(value))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value


def one_answer(answer: dict[str, Any], version: str) -> Response:
    """Return the response with one answer."""
    return Response(as_bytes(answer), headers={PROGRAM_HEADER: version}, media_type=JSON_TYPE)


def many_answers(answers: Sequence[dict[str, Any]], version: str, notes: Sequence[str]) -> Response:
    """Return the response with several answers, in order; 422 where no input could be read."""
    failed = sum("error" in each for each in answers)
    body: dict[str, Any] = {"predictions": list(answers)}
    if failed:
        body["failed"] = failed
    if notes:
        body["notes"] = list(notes)
    status = 422 if failed == len(answers) else 200
    return Response(as_bytes(body), status, headers={PROGRAM_HEADER: version}, media_type=JSON_TYPE)


def as_line(answer: dict[str, Any]) -> bytes:
    """Return an answer as a line of NDJSON."""
    return as_bytes(answer) + b"\n"


def mask_png(answer: Prediction) -> bytes:
    """Return a mask as PNG: the class of each pixel as its grey level, 255 where the model did not see the photo."""
    file = io.BytesIO()
    Image.fromarray(np.asarray(answer.label, np.uint8)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def png_response(answer: Prediction, version: str) -> Response:
    """Return the response with a mask as PNG; its classes are in the header gatera-classes, as JSON."""
    classes = json.dumps(answer.vocab)
    headers = {PROGRAM_HEADER: version, "gatera-classes": classes}
    return Response(mask_png(answer), headers=headers, media_type="image/png")
