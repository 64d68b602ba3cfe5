"""The files of examples/deploy: nginx in front of the server, the units of systemd, the steps of the Dockerfile."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from PIL import Image

from gatera.cli.commands.serving import SERVE
from gatera.cli.parser import parse

FOLDER = Path(__file__).parents[2] / "examples" / "deploy"
ROOT = FOLDER.parents[1]

#: A token of the test's own server.
TOKEN = "only-for-this-test-0123456789abcdef"


def nginx() -> str:
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip("no nginx here: the test of examples/deploy/nginx.conf is left out")
    return found


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def ask(address: str, body: bytes | None = None, token: str | None = TOKEN):
    headers = {"Host": "example.org", **({"Authorization": f"Bearer {token}"} if token else {})}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=10) as response:
            return response.status, response.read(), response.headers
    except urllib.error.HTTPError as err:
        with err:
            return err.code, err.read(), err.headers


@pytest.fixture(params=["/;", ";"], ids=["taken off", "left"])
def behind_nginx(request, tmp_path, tiny_programs):
    """Run gatera serve, and nginx in front of it with our file; returns nginx's address. The prefix is taken off, or left in front."""
    program, front, back = nginx(), free_port(), free_port()
    cats = tiny_programs.write("photos", tmp_path / "cats.gatera")
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    site = (FOLDER / "nginx.conf").read_text()
    command = re.search(r"^#     gatera (serve .*)$", site, re.M)[1].replace("8000", str(back)).split()
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("a page")
    (tmp_path / "site.conf").write_text(
        site.replace("127.0.0.1:8000/;", f"127.0.0.1:8000{request.param}")
        .replace("listen 80;", f"listen 127.0.0.1:{front};")
        .replace("127.0.0.1:8000", f"127.0.0.1:{back}")
        .replace("/srv/www/page/", f"{page}/")
    )
    temporary = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"{'user root;' if os.getuid() == 0 else ''}\npid {tmp_path}/pid;\nerror_log {tmp_path}/errors;\nworker_processes 1;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}include {tmp_path}/site.conf;\n}}\n"
    )
    with (tmp_path / "said").open("w") as said:
        serving = subprocess.Popen(
            [sys.executable, "-m", "gatera", *command], cwd=cats.parent, stdout=said, stderr=subprocess.STDOUT
        )
    proxy = subprocess.Popen(
        [program, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-g", "daemon off;"]
    )
    deadline = time.monotonic() + 20
    address = f"http://127.0.0.1:{front}"
    while time.monotonic() < deadline:
        try:
            if ask(f"{address}/cats/health/ready")[0] == 200:
                break
        except OSError:
            pass
        time.sleep(0.1)
    yield address
    for running in (proxy, serving):
        running.send_signal(signal.SIGTERM)
        running.wait(20)


@pytest.mark.whole
def test_nginx_with_a_prefix(behind_nginx, tmp_path):
    Image.new("RGB", (20, 10), (230, 10, 10)).save(tmp_path / "cat.png")
    cat = (tmp_path / "cat.png").read_bytes()
    said = (tmp_path / "said").read_text()
    assert ask(f"{behind_nginx}/cats/health/ready")[0] == 200, said
    status, body, _ = ask(f"{behind_nginx}/cats/predict", cat)
    assert (status, json.loads(body)["label"]) == (200, "cat"), said
    assert ask(f"{behind_nginx}/cats/predict", cat, token=None)[0] == 401
    assert ask(f"{behind_nginx}/cats/predict", b"x" * 33_000_000)[0] == 413
    status, page, headers = ask(f"{behind_nginx}/cats/")
    assert status == 200 and "default-src 'self'" in headers["Content-Security-Policy"]
    for name in re.findall(r'(?:src|href)="([^":]+\.(?:js|css))"', page.decode()):
        assert not name.startswith("/"), f"{name} leaves the prefix"
        assert ask(f"{behind_nginx}/cats/{name}")[0] == 200, name
    assert ask(f"{behind_nginx}/page/")[1] == b"a page"


@pytest.mark.whole
@pytest.mark.parametrize("unit", ["gatera.service", "cat-door.service"])
def test_systemd_takes_the_units(unit, tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd here: its check of the units is left out")
    text = (
        (FOLDER / unit)
        .read_text()
        .replace("/opt/gatera/bin/gatera", sys.executable)
        .replace("/opt/gatera/bin/python", sys.executable)
    )
    (tmp_path / unit).write_text(text)
    ran = subprocess.run([analyze, "verify", str(tmp_path / unit)], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_cat_door_may_write_into_its_working_directory():
    # lgpio makes a pipe there when it is imported; "/" is what a unit has that names none, and it is read-only
    unit = (FOLDER / "cat-door.service").read_text().splitlines()
    assert {"WorkingDirectory=/tmp", "PrivateTmp=yes"} <= {*unit}
    (given,) = (line.split()[1:] for line in unit if line.startswith("ExecStart="))
    paths = [each for each in given if "/" in each]
    assert len(paths) == 3 and all(each.startswith(("/", "${STATE_DIRECTORY}/")) for each in paths)


def test_the_files_name_what_there_is():
    dockerfile, unit, site = (
        (FOLDER / name).read_text() for name in ("Dockerfile", "gatera.service", "nginx.conf")
    )
    entry, command = (
        json.loads(re.search(rf"^{word} (.*)$", dockerfile, re.M)[1]) for word in ("ENTRYPOINT", "CMD")
    )
    lines = [
        [*entry, *command][2:],
        re.search(r"^ExecStart=\S+ serve (.*)$", unit, re.M)[1].split(),
        re.search(r"^#     gatera serve (.*)$", site, re.M)[1].split(),
    ]
    for line in lines:
        assert parse(SERVE, line).programs
    assert "PIP" not in dockerfile and "TOKEN=" not in dockerfile
    assert os.access(FOLDER / "try_dockerfile.sh", os.X_OK)
    for name in re.findall(r"examples/\S+?(?=[\s,.;)]|$)", "\n".join((dockerfile, unit, site))):
        assert (ROOT / name.rstrip(".")).exists() or (ROOT / name).exists(), name
