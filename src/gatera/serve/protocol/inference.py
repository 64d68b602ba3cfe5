"""The Open Inference Protocol, as KServe and Triton speak it: /v2/... Its clients need not know that this is Gatera.

A program of photos, recordings or texts has one input, "input", BYTES [N]: files (in JSON as base64) or texts. A program of rows has an
input for each column, BYTES for choices and dates and FP64 for numbers, each [N] or [N,1]; texts are taken for numbers, too. What comes
back depends on the task: see `_outputs`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import gatera
from gatera.core.checks import did_you_mean, listed
from gatera.core.errors import DataError
from gatera.program.prediction import Prediction
from gatera.program.raw.formats.encoded import from_base64
from gatera.program.tasks import TASKS
from gatera.serve.answers import as_bytes
from gatera.serve.loaded import ROWS, Loaded
from gatera.serve.predict import Predict, level
from gatera.serve.protocol.tensors import LENGTH, Tensor, read_tensors, split_body, written
from gatera.serve.reading import MOST_INPUTS, read_body
from gatera.serve.service import Service
from gatera.web.errors import JSON_TYPE, Refused

#: The name of the only input of programs that do not take rows.
INPUT = "input"


#: Inputs of a request whose notes are sent.
MOST_NOTED = 20


def inference_routes(service: Service, predict: Predict) -> list[Route]:
    """Return the routes of the protocol."""
    protocol = _Protocol(service, predict)
    model = ("/v2/models/{name}", "/v2/models/{name}/versions/{version}")
    return [
        *(Route(f"{path}/infer", protocol.infer, methods=["POST"]) for path in model),
        *(Route(f"{path}/ready", protocol.model_ready) for path in model),
        *(Route(path, protocol.metadata) for path in model),
        Route("/v2", protocol.server),
        Route("/v2/health/live", protocol.live),
        Route("/v2/health/ready", protocol.ready),
    ]


class _Protocol:
    def __init__(self, service: Service, predict: Predict) -> None:
        self._service, self._predict = service, predict

    async def server(self, request: Request) -> Response:
        return _json({"name": "gatera", "version": gatera.__version__, "extensions": ["binary_tensor_data"]})

    async def live(self, request: Request) -> Response:
        return Response()

    async def ready(self, request: Request) -> Response:
        return Response(status_code=200 if self._service.state == "ready" else 503)

    async def model_ready(self, request: Request) -> Response:
        self._find(request)
        return await self.ready(request)

    async def metadata(self, request: Request) -> Response:
        loaded = self._find(request)
        return _json(
            {
                "name": loaded.name, "versions": [loaded.sha256[:8]], "platform": "gatera_onnx",
                "inputs": [{"name": name, "datatype": datatype, "shape": [-1]} for name, datatype in inputs_of(loaded).items()],
                "outputs": _outputs_of(loaded),
            }
        )  # fmt: skip

    async def infer(self, request: Request) -> Response:
        with self._service.metrics.counting() as counted:
            loaded = self._find(request)
            counted.program = loaded.name
            return await self._infer(request, loaded)

    async def _infer(self, request: Request, loaded: Loaded) -> Response:
        service, held = self._service, list[int]()
        service.check_ready()
        service.queue.admit()
        try:
            body = await read_body(request.receive, service.queue, held)
            asked, binary = split_body(body, request.headers.get(LENGTH))
            inputs = inputs_in(loaded, read_tensors(asked["inputs"], binary))
            wanted, as_binary = _wanted(asked, loaded)
            sure = _sure(asked, loaded, service)
            answers = await self._predict.answers(loaded, inputs, sure, request.receive)
        finally:
            service.queue.release(sum(held))
        for place, (found, _) in enumerate(answers):
            if isinstance(found, DataError):
                raise DataError(
                    f"input {place}: {found.problem}",
                    got=found.got,
                    expected=found.expected,
                    remedy=found.remedy,
                )
        predictions = [found for found, _ in answers if isinstance(found, Prediction)]
        tensors = [each for each in _outputs(loaded, predictions) if wanted is None or each.name in wanted]
        head: dict[str, Any] = {"model_name": loaded.name, "model_version": loaded.sha256[:8]}
        if isinstance(asked.get("id"), str):
            head["id"] = asked["id"]
        if notes := _notes([plain.get("notes", []) for _, plain in answers]):
            head["parameters"] = {"notes": notes}
        content, length = written(tensors, head, as_binary)
        self._predict.note(loaded, inputs, answers)  # masks of several sizes are no answer
        headers = {} if length is None else {LENGTH: str(length)}
        media_type = JSON_TYPE if length is None else "application/octet-stream"
        return Response(content, headers=headers, media_type=media_type)

    def _find(self, request: Request) -> Loaded:
        loaded = self._service.find(request.path_params["name"])
        version = request.path_params.get("version")
        if version not in (None, loaded.sha256[:8], loaded.sha256):
            raise Refused(
                404, f"{loaded.name} has no version {version!r} in service", available=loaded.sha256[:8]
            )
        return loaded


def _notes(notes: Sequence[Sequence[str]]) -> str:
    """Return what was decided about inputs, a line for each; one text, for parameters of the protocol are no lists."""
    lines = [f"input {place}: {' '.join(said)}" for place, said in enumerate(notes) if said]
    more = [f"{len(lines) - MOST_NOTED:,} more inputs have notes."] if len(lines) > MOST_NOTED else []
    return "\n".join(lines[:MOST_NOTED] + more)


def inputs_of(loaded: Loaded) -> dict[str, str]:
    """Return the names of a program's inputs with their types."""
    fields = loaded.fields
    if not fields:
        return {INPUT: "BYTES"}
    return {each["name"]: "FP64" if each["type"] == "number" else "BYTES" for each in fields}


def inputs_in(loaded: Loaded, tensors: Mapping[str, Tensor]) -> list[Any]:
    """Return the inputs of a program in tensors.

    Raises:
        Refused: 400, if they are not what it takes.
    """
    known = inputs_of(loaded)
    for name in tensors:
        if name not in known:
            raise Refused(
                400,
                f"the program has no input {name!r}",
                available=listed(known, 30),
                remedy=did_you_mean(name, known),
            )
    missing = [name for name in known if name not in tensors]
    if missing:
        raise Refused(400, f"the input {missing[0]!r} is missing", expected=listed(known, 30))
    counts = {_rows(each) for each in tensors.values()}
    if len(counts) != 1 or not 1 <= (count := counts.pop()) <= MOST_INPUTS:
        raise Refused(
            400,
            "the tensors do not have one number of rows",
            expected=f"1 to {MOST_INPUTS:,}, the same in all",
        )
    if INPUT in known and len(known) == 1 and not loaded.fields:
        values = tensors[INPUT].values
        if tensors[INPUT].datatype != "BYTES":
            raise Refused(400, "the input is not BYTES", got=tensors[INPUT].datatype, expected="BYTES")
        return [_file(each, loaded) for each in values]
    columns = {name: _cells(tensors[name]) for name in known}
    rows = [{name: cells[row] for name, cells in columns.items()} for row in range(count)]
    if loaded.things == ROWS:
        for row in rows:
            loaded.program.preprocess.reader.check_json(row)
    return rows


def _rows(tensor: Tensor) -> int:
    if len(tensor.shape) > 2 or (len(tensor.shape) == 2 and tensor.shape[1] != 1):
        raise Refused(
            400, f"the shape of {tensor.name!r} is not allowed", got=tensor.shape, expected="[N] or [N, 1]"
        )
    return tensor.shape[0]


def _file(value: bytes | str, loaded: Loaded) -> bytes | str:
    if not loaded.files or isinstance(value, bytes):
        return value.decode("utf-8", "replace") if isinstance(value, bytes) and not loaded.files else value
    try:
        return from_base64(value)
    except ValueError as err:
        raise Refused(400, "the input is not a file in base64", remedy="Or send it as binary data.") from err


def _cells(tensor: Tensor) -> list[Any]:
    if tensor.datatype == "BYTES":
        return [
            each.decode("utf-8", "replace") if isinstance(each, bytes) else each for each in tensor.values
        ]
    return [each.item() for each in tensor.values]


def _wanted(asked: Mapping[str, Any], loaded: Loaded) -> tuple[set[str] | None, frozenset[str] | None]:
    """Return which outputs are asked for, None for all; and which as bytes, None for all."""
    parameters = asked.get("parameters")
    all_binary = isinstance(parameters, dict) and parameters.get("binary_data_output") is True
    outputs = asked.get("outputs")
    if not outputs:
        return None, None if all_binary else frozenset()
    if not isinstance(outputs, list) or not all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in outputs
    ):
        raise Refused(400, 'the "outputs" are not a list of objects with names')
    known = [each["name"] for each in _outputs_of(loaded)]
    for each in outputs:
        if each["name"] not in known:
            raise Refused(
                400, f"the program has no output {each['name']!r}", available=listed(known),
                remedy=did_you_mean(each["name"], known),
            )  # fmt: skip
    binary = {each["name"] for each in outputs if _said(each, "binary_data", all_binary)}
    return {each["name"] for each in outputs}, frozenset(binary)


def _said(each: Mapping[str, Any], name: str, otherwise: bool) -> bool:
    parameters = each.get("parameters")
    return bool(parameters.get(name, otherwise)) if isinstance(parameters, dict) else otherwise


def _sure(asked: Mapping[str, Any], loaded: Loaded, service: Service) -> float | None:
    parameters = asked.get("parameters")
    given = parameters.get("sure") if isinstance(parameters, dict) else None
    return level(None if given is None else str(given), loaded, service.options.sure)


def _outputs_of(loaded: Loaded) -> list[dict[str, Any]]:
    task, labels = loaded.program.task, len(loaded.program.vocab)
    if task == "classification":
        return [
            _out("label", "BYTES", -1),
            _out("index", "INT64", -1),
            _out("probabilities", "FP32", -1, labels),
        ]
    if task == "multilabel":
        return [_out("labels", "BOOL", -1, labels), _out("probabilities", "FP32", -1, labels), _ANSWERED]
    if task == "segmentation":
        return [_out("mask", "UINT8", -1, -1, -1)]
    if TASKS[task].coordinates:
        return [_out("points", "FP32", -1, -1, 2)]
    return [_out("value", "FP32", -1, -1), _ANSWERED]


def _out(name: str, datatype: str, *shape: int) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": list(shape)}


#: Where an answer that is not given looks like another one: no label applies, or a number.
_ANSWERED = _out("answered", "BOOL", -1)


def _outputs(loaded: Loaded, answers: Sequence[Prediction]) -> list[Tensor]:
    """Return the tensors of answers: label (empty where the program is not sure), index (-1 there) and probabilities; for several
    labels which apply; numbers; of both whether they are to be given; points [N,P,2] in pixels; masks [N,H,W] of the photos, which
    must have one size.
    """
    return _BY_TASK[loaded.program.task](loaded, answers)


def _tensor(name: str, datatype: str, values: np.ndarray) -> Tensor:
    return Tensor(name, datatype, list(values.shape), values)


def _of_labels(loaded: Loaded, answers: Sequence[Prediction]) -> list[Tensor]:
    names = ["" if each.label is None else str(each.label) for each in answers]
    places = np.array([-1 if each.index is None else int(each.index) for each in answers], np.int64)
    shares = np.stack([np.asarray(each.probabilities) for each in answers])
    return [
        Tensor("label", "BYTES", [len(answers)], names), _tensor("index", "INT64", places), _tensor("probabilities", "FP32", shares),
    ]  # fmt: skip


def _of_several(loaded: Loaded, answers: Sequence[Prediction]) -> list[Tensor]:
    none = np.zeros(len(loaded.program.vocab), bool)
    applies = np.stack([none if each.index is None else np.asarray(each.index) for each in answers])
    shares = np.stack([np.asarray(each.probabilities) for each in answers])
    return [_tensor("labels", "BOOL", applies), _tensor("probabilities", "FP32", shares), _answered(answers)]


def _of_numbers(loaded: Loaded, answers: Sequence[Prediction]) -> list[Tensor]:
    values = np.stack([np.asarray(each.probabilities) for each in answers])
    return [_tensor("value", "FP32", values), _answered(answers)]


def _answered(answers: Sequence[Prediction]) -> Tensor:
    return _tensor("answered", "BOOL", np.array([each.label is not None for each in answers]))


def _of_masks(loaded: Loaded, answers: Sequence[Prediction]) -> list[Tensor]:
    masks = [np.asarray(each.label, np.uint8) for each in answers]
    if len({mask.shape for mask in masks}) > 1:
        raise Refused(
            400,
            "the photos have several sizes, and a tensor has one",
            remedy="Send photos of one size, or one at a time.",
        )
    return [_tensor("mask", "UINT8", np.stack(masks))]


def _of_points(loaded: Loaded, answers: Sequence[Prediction]) -> list[Tensor]:
    return [_tensor("points", "FP32", np.array([each.label for each in answers], np.float32))]


_BY_TASK: dict[str, Callable[[Loaded, Sequence[Prediction]], list[Tensor]]] = {
    "classification": _of_labels, "multilabel": _of_several, "regression": _of_numbers, "segmentation": _of_masks,
    "points": _of_points,
}  # fmt: skip


def _json(value: Any) -> Response:
    return Response(as_bytes(value), media_type=JSON_TYPE)
