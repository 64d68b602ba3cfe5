"""A server on this machine that speaks what the client of the Hugging Face hub asks for: repositories, commits, tags, large files.

It answers as the hub of huggingface_hub 2.4 does, without its access rules; nothing here is the hub itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Collection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


class FakeHub:
    """Attributes:
    repositories: name -> list of commits (id, files), the newest last.
    tags: name -> tag -> commit id.
    faults: answers of the next requests, statuses; None lets one through.
    tokens: if not empty, those that may write.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, list[tuple[str, dict[str, bytes]]]] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.large: dict[str, bytes] = {}
        self.faults: list[int | None] = []
        self.tokens: set[str] = set()
        self.seen: list[tuple[str, str]] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = unquote(urlsplit(self.path).path)
                hub.seen.append((self.command, path))
                fault = hub.faults.pop(0) if hub.faults else None
                if fault is not None:
                    return self.answer(fault, {"error": "the server is out of order"})
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                if (
                    hub.tokens
                    and self.command != "GET"
                    and self.command != "HEAD"
                    and token not in hub.tokens
                    and "/lfs/" not in path
                ):
                    return self.answer(401, {"error": "Invalid username or password."})
                for method, pattern, answer in ROUTES:
                    found = re.fullmatch(pattern, path)
                    if found and self.command in method:
                        return answer(self, hub, body, *found.groups())
                return self.answer(404, {"error": f"no such page: {path}"})

            def answer(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            do_GET = do_HEAD = do_POST = do_PUT = handle_one

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def files(self, name: str, revision: str = "main") -> tuple[str, dict[str, bytes]] | None:
        """Return the commit that a branch, tag or commit id names, and its files."""
        commits = self.repositories.get(name)
        if not commits:
            return None
        revision = self.tags.get(name, {}).get(revision, revision)
        return (
            commits[-1]
            if revision == "main"
            else next((each for each in commits if each[0] == revision), None)
        )

    def commit(self, name: str, changes: dict[str, bytes], deleted: Collection[str] = ()) -> str:
        commits = self.repositories.setdefault(name, [])
        files = {**(commits[-1][1] if commits else {}), **changes}
        files = {path: content for path, content in files.items() if path not in deleted}
        oid = hashlib.sha1(repr((len(commits), sorted(files))).encode()).hexdigest()
        commits.append((oid, files))
        return oid


def create(handler: Any, hub: FakeHub, body: bytes) -> None:
    asked = json.loads(body)
    name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
    if name in hub.repositories:
        return handler.answer(
            409, {"error": "You already created this model repo", "url": f"{hub.address}/{name}"}
        )
    hub.commit(name, {".gitattributes": b""})
    return handler.answer(200, {"url": f"{hub.address}/{name}", "name": name, "id": name})


def preupload(handler: Any, hub: FakeHub, body: bytes, name: str, _: str) -> None:
    files = [
        {
            "path": each["path"],
            "uploadMode": "lfs" if each["path"].endswith(".gatera") else "regular",
            "shouldIgnore": False,
            "oid": None,
        }
        for each in json.loads(body)["files"]
    ]
    handler.answer(200, {"files": files})


def batch(handler: Any, hub: FakeHub, body: bytes, name: str) -> None:
    objects = []
    for each in json.loads(body)["objects"]:
        actions = (
            {}
            if each["oid"] in hub.large
            else {"upload": {"href": f"{hub.address}/lfs/{each['oid']}", "header": {}}}
        )
        objects.append({**each, "authenticated": True, "actions": actions})
    handler.answer(
        200, {"transfer": "basic", "objects": objects}, {"Content-Type": "application/vnd.git-lfs+json"}
    )


def upload(handler: Any, hub: FakeHub, body: bytes, oid: str) -> None:
    assert hashlib.sha256(body).hexdigest() == oid
    hub.large[oid] = body
    handler.answer(200, {})


def commit(handler: Any, hub: FakeHub, body: bytes, name: str, _: str) -> None:
    changes, deleted = {}, set()
    for line in body.decode().splitlines():
        entry = json.loads(line)
        value = entry["value"]
        if entry["key"] == "file":
            changes[value["path"]] = base64.b64decode(value["content"])
        elif entry["key"] == "lfsFile":
            changes[value["path"]] = hub.large[value["oid"]]
        elif entry["key"] == "deletedFile":
            deleted.add(value["path"])
    oid = hub.commit(name, changes, deleted)
    handler.answer(
        200,
        {
            "commitOid": oid,
            "commitUrl": f"{hub.address}/{name}/commit/{oid}",
            "hookOutput": "",
            "success": True,
        },
    )


def tag(handler: Any, hub: FakeHub, body: bytes, name: str, revision: str) -> None:
    hub.tags.setdefault(name, {})[json.loads(body)["tag"]] = revision
    handler.answer(200, {})


def refs(handler: Any, hub: FakeHub, body: bytes, name: str) -> None:
    if name not in hub.repositories:
        return missing(handler, "RepoNotFound")
    oid = hub.repositories[name][-1][0]
    tags = [
        {"name": each, "ref": f"refs/tags/{each}", "targetCommit": oid}
        for each, oid in hub.tags.get(name, {}).items()
    ]
    return handler.answer(
        200,
        {
            "branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": oid}],
            "tags": tags,
            "converts": [],
        },
    )


def info(handler: Any, hub: FakeHub, body: bytes, name: str, revision: str = "main") -> None:
    if name not in hub.repositories:
        return missing(handler, "RepoNotFound")
    found = hub.files(name, revision)
    if found is None:
        return missing(handler, "RevisionNotFound")
    return handler.answer(
        200, {"id": name, "sha": found[0], "siblings": [{"rfilename": each} for each in found[1]]}
    )


def tree(handler: Any, hub: FakeHub, body: bytes, name: str, revision: str) -> None:
    if name not in hub.repositories:
        return missing(handler, "RepoNotFound")
    found = hub.files(name, revision)
    if found is None:
        return missing(handler, "RevisionNotFound")
    return handler.answer(
        200,
        [
            {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            for path, content in found[1].items()
        ],
    )


def resolve(handler: Any, hub: FakeHub, body: bytes, name: str, revision: str, path: str) -> None:
    if name not in hub.repositories:
        return missing(handler, "RepoNotFound")
    found = hub.files(name, revision)
    if found is None:
        return missing(handler, "RevisionNotFound")
    if path not in found[1]:
        return missing(handler, "EntryNotFound")
    content = found[1][path]
    etag = (
        hashlib.sha256(content).hexdigest() if path.endswith(".gatera") else hashlib.sha1(content).hexdigest()
    )
    return handler.answer(
        200,
        content,
        {"ETag": f'"{etag}"', "X-Repo-Commit": found[0], "Content-Type": "application/octet-stream"},
    )


def valid(handler: Any, hub: FakeHub, body: bytes) -> None:
    assert json.loads(body)["content"].startswith("---\n")
    handler.answer(200, {"errors": [], "warnings": []})


def missing(handler: Any, code: str) -> None:
    handler.answer(404, {"error": code}, {"X-Error-Code": code, "X-Error-Message": code})


NAME = r"([\w.-]+/[\w.-]+)"
ROUTES = [
    (("POST",), r"/api/repos/create", create),
    (("POST",), r"/api/validate-yaml", valid),
    (("POST",), rf"/api/models/{NAME}/preupload/(.+)", preupload),
    (("POST",), rf"/{NAME}\.git/info/lfs/objects/batch", batch),
    (("PUT",), r"/lfs/([0-9a-f]+)", upload),
    (("POST",), rf"/api/models/{NAME}/commit/(.+)", commit),
    (("POST",), rf"/api/models/{NAME}/tag/(.+)", tag),
    (("GET",), rf"/api/models/{NAME}/refs", refs),
    (("GET",), rf"/api/models/{NAME}/tree/([^/]+)", tree),
    (("GET",), rf"/api/models/{NAME}/revision/(.+)", info),
    (("GET",), rf"/api/models/{NAME}", info),
    (("GET", "HEAD"), rf"/{NAME}/resolve/([^/]+)/(.+)", resolve),
]
