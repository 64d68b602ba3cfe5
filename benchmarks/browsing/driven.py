"""What both browsers have in common: scripts, keys and files; Firefox by WebDriver BiDi, WebKit by WebDriver."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

#: Keys that have no character, as WebDriver writes them.
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Left": "\ue012", "Right": "\ue014", "Space": " "}

#: What Firefox is not to do, and that it gives pages a camera and a microphone.
PREFERENCES = {
    "browser.startup.page": 0, "app.update.enabled": False, "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
    "media.navigator.streams.fake": True, "media.navigator.permission.disabled": True,
}  # fmt: skip

MINI_BROWSER = "/usr/lib/{}-linux-gnu/webkit2gtk-4.1/MiniBrowser"


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Browser:
    """A browser with one page."""

    name = ""

    def open(self, address: str) -> None:
        """Show a page."""
        raise NotImplementedError

    def run(self, source: str, *values: Any) -> Any:
        """Return what the body of an async function returns, which finds `values` in `given`."""
        raise NotImplementedError

    def act(self, actions: list[dict[str, Any]]) -> None:
        """Do what WebDriver calls actions."""
        raise NotImplementedError

    def choose(self, selector: str, paths: list[Path]) -> None:
        """Give files to an input."""
        raise NotImplementedError

    def close(self) -> None:
        """End the browser."""
        raise NotImplementedError

    def wait(self, condition: str, seconds: float = 30) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + seconds
        while not self.run(f"return !!({condition})"):
            if time.monotonic() > until:
                raise TimeoutError(f"{self.name}: {condition}")
            time.sleep(0.05)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other: characters, or names of `KEYS`."""
        values = [KEYS.get(key, key) for key in keys]
        self.act([{"type": "key", "id": "keys", "actions": [{"type": kind, "value": value} for value in values for kind in ("keyDown", "keyUp")]}])  # fmt: skip


class Firefox(Browser):
    """Firefox without a window; needs `firefox-esr` or `firefox` in PATH and the package `websockets`."""

    name = "Firefox"

    def __init__(self) -> None:
        from websockets.sync.client import connect

        self._folder, port = Path(tempfile.mkdtemp()), free_port()
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()
        ]
        (self._folder / "user.js").write_text("".join(lines))
        program = shutil.which("firefox-esr") or shutil.which("firefox")
        if program is None:
            raise SystemExit("There is no Firefox in PATH: apt-get install firefox-esr")
        command = [
            program,
            "--headless",
            "--no-remote",
            "--profile",
            str(self._folder),
            f"--remote-debugging-port={port}",
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._last, self._socket = 0, None
        for _ in range(300):
            try:
                self._socket = connect(f"ws://127.0.0.1:{port}/session", max_size=None)
                break
            except OSError:
                time.sleep(0.1)
        self._ask("session.new", capabilities={})
        self._page = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def _ask(self, method: str, **given: Any) -> Any:
        assert self._socket is not None, "Firefox did not listen"
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": given}))
        while (answer := json.loads(self._socket.recv(timeout=180))).get("id") != self._last:
            pass
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        return answer["result"]

    def open(self, address: str) -> None:
        self._ask("browsingContext.navigate", context=self._page, url=address, wait="complete")

    def run(self, source: str, *values: Any) -> Any:
        function = f"async (given) => {{ given = JSON.parse(given); return JSON.stringify(await (async () => {{ {source} }})() ?? null); }}"
        found = self._ask(
            "script.callFunction", functionDeclaration=function, awaitPromise=True, userActivation=True,
            target={"context": self._page}, arguments=[{"type": "string", "value": json.dumps(values)}],
        )  # fmt: skip
        if found["type"] == "exception":
            raise RuntimeError(found["exceptionDetails"]["text"])
        return json.loads(found["result"]["value"])

    def act(self, actions: list[dict[str, Any]]) -> None:
        self._ask("input.performActions", context=self._page, actions=actions)

    def choose(self, selector: str, paths: list[Path]) -> None:
        where = {"type": "css", "value": selector}
        (node,) = self._ask("browsingContext.locateNodes", context=self._page, locator=where)["nodes"]
        self._ask("input.setFiles", context=self._page, element={"sharedId": node["sharedId"]}, files=[str(path) for path in paths])  # fmt: skip

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        shutil.rmtree(self._folder, ignore_errors=True)


class WebKit(Browser):
    """WebKitGTK's small browser, with a window: needs `webkit2gtk-driver`, and a display (`xvfb-run`)."""

    name = "WebKit"

    def __init__(self) -> None:
        if shutil.which("WebKitWebDriver") is None or not os.environ.get("DISPLAY"):
            raise SystemExit("WebKit needs WebKitWebDriver and a display: apt-get install webkit2gtk-driver xvfb, then xvfb-run -a python ...")  # fmt: skip
        self._port, self._session = free_port(), ""
        sandbox = {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"} if os.geteuid() == 0 else {}
        command = ["WebKitWebDriver", f"--port={self._port}"]
        self._process = subprocess.Popen(command, env={**os.environ, **sandbox}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        time.sleep(1)
        options = {
            "binary": MINI_BROWSER.format(os.uname().machine),
            "args": ["--automation", "--enable-mock-capture-devices=true"],
        }
        made = self._ask(
            "POST", "/session", {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        )
        self._session = f"/session/{made['sessionId']}"
        self._ask("POST", "/timeouts", {"script": 120_000})

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self._port}{self._session}{path}", data, method=method
        )
        try:
            with urllib.request.urlopen(asked, timeout=180) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as err:
            raise RuntimeError(err.read().decode()) from err

    def open(self, address: str) -> None:
        self._ask("POST", "/url", {"url": address})

    def run(self, source: str, *values: Any) -> Any:
        script = (
            f"const given = arguments[0], done = arguments[1]; (async () => {{ {source} }})()"
            ".then((value) => done(JSON.stringify([value ?? null])), (error) => done(JSON.stringify([null, String(error)])));"
        )
        value, *error = json.loads(
            self._ask("POST", "/execute/async", {"script": script, "args": [list(values)]})
        )
        if error:
            raise RuntimeError(error[0])
        return value

    def act(self, actions: list[dict[str, Any]]) -> None:
        self._ask("POST", "/actions", {"actions": actions})

    def choose(self, selector: str, paths: list[Path]) -> None:
        (found,) = self._ask("POST", "/element", {"using": "css selector", "value": selector}).values()
        self._ask("POST", f"/element/{found}/value", {"text": "\n".join(map(str, paths))})

    def close(self) -> None:
        self._ask("DELETE", "")
        self._process.terminate()
        self._process.wait(20)
