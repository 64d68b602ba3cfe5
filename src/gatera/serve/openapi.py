"""The description of a server for machines: OpenAPI 3.1, made from what its programs say of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gatera
from gatera.program.tasks import TASKS
from gatera.serve.loaded import PHOTOS, RATINGS, ROWS, SOUNDS, TEXTS, Loaded
from gatera.serve.protocol.tensors import TYPES
from gatera.serve.service import Service

Schema = dict[str, Any]

NUMBER, TEXT, TRUTH = {"type": "number"}, {"type": "string"}, {"type": "boolean"}

ERROR: Schema = {
    "type": "object", "required": ["error"],
    "properties": {"error": {
        "type": "object", "required": ["message", "problem"],
        "properties": {
            "message": {**TEXT, "description": "All parts in one."}, "problem": TEXT, "got": TEXT, "expected": TEXT,
            "available": TEXT, "next": {**TEXT, "description": "What to do."},
            "line": {"type": "integer", "description": "Of a body of lines."},
        },
    }},
}  # fmt: skip

NOTES: Schema = {
    "type": "array", "items": TEXT, "description": "What was decided about the input, such as an unseen category.",
}  # fmt: skip

REF_ERROR: Schema = {"$ref": "#/components/schemas/Error"}

#: An error of the Open Inference Protocol.
ERROR_TEXT: Schema = {"type": "object", "required": ["error"], "properties": {"error": TEXT}}

#: A request of the Open Inference Protocol: at least its inputs.
TENSORS = {
    "type": "object", "required": ["inputs"],
    "properties": {
        "id": TEXT, "parameters": {"type": "object"}, "outputs": {"type": "array", "items": {"type": "object"}},
        "inputs": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["name", "shape", "datatype"],
            "properties": {"name": TEXT, "shape": {"type": "array", "items": {"type": "integer"}}, "datatype": {"enum": ["BYTES", *TYPES]}, "data": {"type": "array", "items": {}}},
        }},
    },
}  # fmt: skip

#: Statuses of errors, and what they mean.
ERRORS = {
    "400": "The request is not understood.", "401": "The token is missing.", "413": "The body is too large.",
    "415": "The program takes something else.", "422": "The input cannot be read.",
    "429": "An answer would take too long; Retry-After says when to come back.", "503": "The server is starting.",
    "default": "Any other error.",
}  # fmt: skip

SURE = {
    "name": "sure", "in": "query", "schema": {"type": "number", "minimum": 0, "maximum": 1},
    "description": "The level at which to be sure; elsewhere label is null, and reason says why.",
}  # fmt: skip


def document(service: Service) -> dict[str, Any]:
    """Return the OpenAPI document of a server."""
    programs = service.programs
    paths: dict[str, Any] = {}
    for loaded in programs:
        paths[f"/programs/{loaded.name}/predict"] = _predict(loaded, f"predict with {loaded.name}")
    if len(programs) == 1:
        paths = {"/predict": _predict(programs[0], f"predict with {programs[0].name}")}
    paths |= _others(service)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gatera: " + ", ".join(loaded.name for loaded in programs), "version": gatera.__version__,
            "description": "\n".join(f"{loaded.version} takes {loaded.things}: {loaded.program.task}." for loaded in programs),
        },
        "servers": [{"url": "./"}],
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR, "ErrorText": ERROR_TEXT, **{_schema_name(loaded): answer_schema(loaded) for loaded in programs}},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }  # fmt: skip


def _predict(loaded: Loaded, summary: str) -> Schema:
    one, many = {"$ref": f"#/components/schemas/{_schema_name(loaded)}"}, _many(loaded)
    answers: Schema = {
        "application/json": {"schema": {"oneOf": [one, many]}},
        "application/x-ndjson": {"schema": {"oneOf": [one, REF_ERROR]}},
    }
    errors = _errors(*ERRORS)
    errors["422"]["content"] = {"application/json": {"schema": {"oneOf": [REF_ERROR, many]}}}
    if loaded.program.task == "segmentation":
        answers["image/png"] = {"schema": {"type": "string", "contentMediaType": "image/png"}}
    return {
        "post": {
            "summary": summary, "operationId": f"predict_{loaded.name}", "tags": ["predictions"],
            "parameters": [SURE] if loaded.program.certainty.held_out else [],
            "requestBody": {"required": True, "content": body_content(loaded)},
            "responses": {"200": {"description": "The prediction, or one for each input.", "content": answers}, **errors},
        }
    }  # fmt: skip


def body_content(loaded: Loaded) -> Schema:
    """Return what may be sent to a program, by type."""
    several = {
        "type": "object",
        "required": ["inputs"],
        "properties": {"inputs": {"type": "array", "items": (one := input_schema(loaded))}},
    }
    json = {"schema": {"oneOf": [one, {"type": "array", "items": one}, several]}}
    form: Schema = {
        "schema": {
            "type": "object",
            "properties": {
                "file": {
                    "type": "array",
                    "items": {"type": "string", "contentMediaType": "application/octet-stream"},
                }
            },
        }
    }
    content = {"application/json": json, "application/x-ndjson": {"schema": one}}
    if loaded.things in (PHOTOS, SOUNDS):
        kind = "image/*" if loaded.things == PHOTOS else "audio/*"
        return {
            kind: {"schema": {}},
            "application/octet-stream": {"schema": {}},
            "multipart/form-data": form,
            **content,
        }
    if loaded.things == TEXTS:
        return {"text/plain": {"schema": TEXT}, "multipart/form-data": form, **content}
    return {**content, "text/csv": {"schema": TEXT}, "multipart/form-data": form}


def input_schema(loaded: Loaded) -> Schema:
    """Return the schema of one input in JSON."""
    if loaded.things in (PHOTOS, SOUNDS):
        encoded = {"type": "string", "contentEncoding": "base64"}
        return {"anyOf": [encoded, {"type": "object", "required": ["b64"], "properties": {"b64": encoded}}]}
    if loaded.things == TEXTS:
        return {"anyOf": [TEXT, {"type": "object", "required": ["text"], "properties": {"text": TEXT}}]}
    fields = loaded.fields
    return {
        "type": "object", "required": [each["name"] for each in fields],
        "properties": {each["name"]: _field(each, loaded) for each in fields}, "example": {each["name"]: each["example"] for each in fields},
    }  # fmt: skip


def _field(field: dict[str, Any], loaded: Loaded) -> Schema:
    if field["type"] == "number":
        written = field.get("written", "")
        bare = (
            "; a bare number is in hours"
            if ":" in written
            else "; a bare number is in that unit"
            if " " in written
            else ""
        )
        about = f"Such as {written}{bare}." if written else None
        return {"type": ["number", "string", "null"], **({"description": about} if about else {})}
    if field["type"] in ("date", "datetime"):
        zone = " with its time zone" if field["example"].endswith("Z") else ""
        what = "A date" if field["type"] == "date" else f"A date and time{zone}"
        return {"type": ["string", "null"], "description": f"{what}, as ISO 8601 writes it."}
    shown = [str(each) for each in field["choices"][:8]]
    known = "known" if loaded.things in (ROWS, RATINGS) else ""
    return {"description": f"{len(field['choices'])} {known} values, such as: {', '.join(shown)}"}


def answer_schema(loaded: Loaded) -> Schema:
    """Return the schema of an answer."""
    program = loaded.program
    labels = {str(label): NUMBER for label in program.vocab[:100]}
    shares = {"type": "object", "properties": labels, "additionalProperties": NUMBER}
    found: Schema
    if program.task == "classification":
        found = {"label": {"description": "null where the program is not sure"}, "index": {"type": ["integer", "null"]},
                 "probability": {"type": ["number", "null"]}, "probabilities": shares}  # fmt: skip
    elif program.task == "multilabel":
        found = {
            "label": {"type": ["array", "null"], "items": {}},
            "index": {"type": ["array", "null"], "items": TRUTH},
            "probability": {"type": ["array", "null"], "items": NUMBER},
            "probabilities": shares,
        }
    elif program.task == "segmentation":
        found = {"height": NUMBER, "width": NUMBER, "shares": shares, "not_seen": NUMBER}
    else:
        places: Schema = {"type": "array", "items": {"type": "array", "items": NUMBER}}
        found = {"points": places} if TASKS[program.task].coordinates else {"value": {}}
    always = [*found]  # what tells an answer from an error, and from several answers
    if program.certainty.labels is not None and program.certainty.held_out:
        found["set"] = {"type": "array", "items": {}, "description": "The labels that cannot be ruled out."}
    if program.certainty.numbers is not None and program.certainty.held_out:
        found["interval"] = {"type": "array", "items": {}}
    if program.certainty.novelty is not None:
        found |= {
            "novelty": NUMBER,
            "novel": {**TRUTH, "description": "Whether it looks unlike anything in the training set."},
        }
    return {
        "type": "object",
        "required": always,
        "properties": {
            **found,
            "sure": {"description": "The level that was asked for."},
            "reason": {"type": ["string", "null"]},
            "id": TEXT,
            "file": TEXT,
            "notes": NOTES,
        },
    }


def _many(loaded: Loaded) -> Schema:
    one = {"oneOf": [{"$ref": f"#/components/schemas/{_schema_name(loaded)}"}, REF_ERROR]}
    return {
        "type": "object",
        "required": ["predictions"],
        "properties": {
            "predictions": {"type": "array", "items": one},
            "failed": {"type": "integer"},
            "notes": NOTES,
        },
    }


def _others(service: Service) -> Schema:
    def named(fitting: Sequence[Loaded]) -> list[Schema]:
        """Return the parameter that names one of several programs; with one, nothing needs to."""
        if len(service.programs) == 1:
            return []
        return [
            {"name": "program", "in": "query", "required": True, "schema": TEXT, "example": fitting[0].name}
        ]

    paths = {
        "/card": {"get": _get("The model card of a program, Markdown.", "text/markdown", "card", named(service.programs))},
        "/programs": {"get": _get("What each program takes and predicts.", "application/json", "programs")},
        "/health/live": {"get": _get("Whether the server runs.", "text/plain", "live")},
        "/health/ready": {"get": _get("Whether it should be sent requests: 503 while it starts and before it ends.", "text/plain", "ready", more=("503",))},
        "/metrics": {"get": _get("Counts and times for Prometheus.", "text/plain", "metrics")},
        "/v2/models/{name}/infer": {"post": {
            "summary": "The Open Inference Protocol, with tensors as JSON or as bytes.", "operationId": "infer", "tags": ["predictions"],
            "parameters": [{"name": "name", "in": "path", "required": True, "schema": TEXT}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": TENSORS}}},
            "responses": {"200": {"description": "The outputs."}, **_errors("400", "404", "422", "429", schema="ErrorText")},
        }},
    }  # fmt: skip
    ratings = [loaded for loaded in service.programs if loaded.things == RATINGS]
    if ratings:
        user = ratings[0].fields[0]["example"]
        asked = [
            {"name": "user", "in": "query", "required": True, "schema": TEXT, "example": str(user)},
            {"name": "n", "in": "query", "schema": {"type": "integer"}},
            *named(ratings),
        ]
        paths["/recommend"] = {
            "get": _get(
                "The items that a user would rate highest.", "application/json", "recommend", asked, ("422",)
            )
        }
    looking = [
        loaded for loaded in service.programs
        if loaded.things == PHOTOS and loaded.program.task == "classification"
    ]  # fmt: skip
    if looking:
        paths["/where"] = {"post": {
            "summary": "How far the probability of a photo's label falls where a square of it is hidden: [rows][columns].", "operationId": "where",
            "tags": ["predictions"], "parameters": named(looking), "requestBody": {"required": True, "content": {"image/*": {"schema": {}}}},
            "responses": {"200": {"description": "The label, its probability, and the falls."}, **_errors("400", "422", "429")},
        }}  # fmt: skip
    if service.log is not None:
        body = {"type": "object", "properties": {"keep": TRUTH, "label": TEXT, "by": TEXT}}
        paths["/answers/{id}"] = {"post": {
            "summary": "Keep a prediction as the label of its input, or say the right label.", "operationId": "label", "tags": ["labels"],
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {"200": {"description": "The label is on disk."}, **_errors("400", "404", "409")},
        }}  # fmt: skip
    return paths


def _get(summary: str, kind: str, name: str, parameters: Any = (), more: tuple[str, ...] = ()) -> Schema:
    return {
        "summary": summary, "operationId": name, "tags": ["about"], "parameters": list(parameters),
        "responses": {"200": {"description": summary, "content": {kind: {"schema": {}}}}, **_errors(*more)},
    }  # fmt: skip


def _errors(*statuses: str, schema: str = "Error") -> Schema:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {
        status: {"description": ERRORS.get(status, "There is no such thing."), "content": content}
        for status in dict.fromkeys((*statuses, "default"))
    }


def _schema_name(loaded: Loaded) -> str:
    return "Answer_" + "".join(each if each.isalnum() or each in "._-" else "_" for each in loaded.name)
