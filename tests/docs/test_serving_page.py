"""The page on serving: its servers start, its requests are answered, its Python runs."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import httpx
import pytest
from pages import blocks, read

from gatera.serve.log.answers import read_answers
from gatera.web.launch import listen

PAGE = read("docs/serving.md")
ADDRESS = "http://127.0.0.1:8000"


class Servers:
    """The server of the page that runs at the moment, on a port of its own."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.address = ""

    def start(self, words: list[str]) -> None:
        self.stop()
        with listen("127.0.0.1", 0) as free:
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "gatera", *words, "--port", str(port), "--drain", "0"]
        buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        self.process = subprocess.Popen(command, env=buffered, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        said = self.process.stderr.readline()
        assert said.startswith("Serving "), said + self.process.stderr.read()

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            _, said = self.process.communicate(timeout=20)
            assert self.process.returncode == 0
            assert "Traceback" not in said
            self.process = None

    def curl(self, words: list[str]) -> httpx.Response:
        """Do what curl does with the options that the page uses."""
        headers: dict[str, str] = {}
        files: list[Any] = []
        content = None
        while len(words) > 1:
            option, value, *words = words
            if option == "-H":
                name, _, text = value.partition(": ")
                headers[name] = text
            elif option == "-F":
                path = Path(value.partition("@")[2])
                files.append(("file", (path.name, path.read_bytes())))
            elif option == "--json":
                content, headers["Content-Type"] = value.encode(), "application/json"
            else:
                assert option == "--data-binary"
                content = Path(value[1:]).read_bytes()
        (url,) = words
        return httpx.post(
            url.replace(ADDRESS, self.address), content=content, files=files or None, headers=headers
        )


@pytest.mark.whole
def test_the_page_runs(tmp_path, monkeypatch, capsys, photo_folder, tiny_programs) -> None:
    monkeypatch.chdir(tmp_path)
    for kind, name in (("photos", "cats"), ("texts", "reviews"), ("rows", "people")):
        tiny_programs.write(kind, tmp_path / f"{name}.gatera")
    (tmp_path / "photos").symlink_to(photo_folder)
    (tmp_path / "people.csv").write_text("job,age,since\nnurse,41,2021-05-01\n")
    (tmp_path / "token").write_text("a-token-for-the-test\n")
    servers, names, statuses = Servers(), {"__name__": "__main__"}, []
    try:
        for block in blocks(PAGE):
            if block.language == "python":
                if "triton" in block.text:
                    servers.start(["serve", "cats.gatera"])
                text = block.text.replace("127.0.0.1:8000", servers.address.removeprefix("http://"))
                exec(compile("\n" * (block.line - 1) + text, "docs/serving.md", "exec"), names)
            for line in (
                re.findall(r"^\$ (.*)$", block.text, re.MULTILINE) if block.language == "console" else ()
            ):
                first, *words = shlex.split(line)
                if first == "gatera":
                    servers.start(words)
                elif first == "curl":
                    answer = servers.curl(words)
                    statuses.append(answer.status_code)
        with urllib.request.urlopen(f"{servers.address}/docs", timeout=5) as page:
            assert page.status == 200
    finally:
        servers.stop()
    assert statuses == [200] * 6 + [422, 200]
    assert capsys.readouterr().out.splitlines()[-1] == "[b'dog']"
    (entry,) = read_answers("answers")
    assert entry.answer == "cat"
