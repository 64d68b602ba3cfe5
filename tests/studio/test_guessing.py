"""Guesses: by a program without PyTorch, by training on photos, and what the panel shows of it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from starlette.requests import Request

from gatera.core.errors import ArgumentError
from gatera.studio.app.app import studio_app
from gatera.studio.app.panel import Panel
from gatera.studio.app.run import Settings, _access, run_studio
from gatera.studio.page_requests import Asked
from gatera.studio.training.start import start_training
from gatera.web.errors import Refused

TOKEN = "t" * 40


def done(client: httpx.Client, seconds: float = 60) -> dict[str, Any]:
    """Wait for the end of the job in the background."""
    end = time.monotonic() + seconds
    while (job := client.get("/api/job").json())["state"] == "running" and time.monotonic() < end:
        time.sleep(0.02)
    return job


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Six brown photos, which the tiny program calls cats, and six blue ones: dogs; without labels."""
    folder = tmp_path / "pets"
    folder.mkdir()
    for number in range(12):
        colour = (200 + number, 120, 40) if number % 2 == 0 else (40, 90, 200 + number)
        Image.new("RGB", (40, 32), colour).save(folder / f"{number:02}.png")
    return folder


@pytest.mark.slow
def test_the_command_with_a_program(pets, tmp_path, tiny_programs):
    program = tiny_programs.write("photos", tmp_path / "tiny.gatera")
    (pets / "99.png").write_bytes(b"no photo")
    command = [
        sys.executable,
        "-m",
        "gatera",
        "studio",
        str(pets),
        "--program",
        str(program),
        "--by",
        "Ann",
        "--port",
        "0",
    ]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "GATERA_TOKEN": TOKEN},
    )  # fmt: skip
    try:
        said = ""
        while "http://" not in said:
            line = running.stdout.readline()
            assert line, said
            said += line
        link = re.search(r"http://\S+", said)[0]
        with httpx.Client(
            base_url=link.split("?")[0], headers={"Authorization": f"Bearer {TOKEN}"}
        ) as client:
            job = done(client)
            assert (job["state"], "looked at 13 items; 1 could not be read" in job["words"]) == (
                "done",
                True,
            ), job
            order = client.get("/api/order", params={"queue": "uncertain"}).json()
            items = client.get("/api/items", params={"order": order["order"], "n": 13}).json()["items"]
            by_name = {item["name"]: item.get("guess", {}) for item in items}
            guesses = (
                {by_name[f"{n:02}.png"]["label"] for n in range(0, 12, 2)},
                {by_name[f"{n:02}.png"]["label"] for n in range(1, 12, 2)},
            )
            assert len(guesses[0]) == len(guesses[1]) == 1 and guesses[0] != guesses[1]
            assert re.fullmatch(r"tiny@[0-9a-f]{8}", by_name["00.png"]["by"])
            client.post("/api/act", json={"what": "label", "items": {"0": "cat"}})
            assert client.get("/api/panel").json()["words"].endswith("press Train again to measure labels.")
    finally:
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(20) == 0
    with running.stdout:
        rest = running.stdout.read()
    assert "Traceback" not in rest
    # the command that is printed is of the same person
    assert rest.strip().endswith(f"To write them now: gatera studio {pets} --finish --by Ann")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("points", "--program needs a program of one class per item. Got: 'points'."),
        (
            "texts",
            "--program must predict from photos, which are the items here. Got: 'a program of texts'. "
            "Name another program, or none: the studio trains one.",
        ),
    ],
)
def test_a_program_of_another_kind_is_refused_before_the_studio_opens(
    pets, tmp_path, tiny_programs, kind, message
):
    program = tiny_programs.write(kind, tmp_path / "other.gatera")
    with pytest.raises(ArgumentError) as err:
        run_studio(str(pets), Settings(by="Ann", program=str(program), port=0), lambda line: None)
    assert str(err.value) == message


def test_a_studio_that_others_can_reach_needs_a_token(monkeypatch):
    monkeypatch.delenv("GATERA_TOKEN", raising=False)
    with pytest.raises(
        ArgumentError, match=r"0\.0\.0\.0 is reached from other machines, and there is no token"
    ):
        _access(Settings(host="0.0.0.0"))
    assert _access(Settings(host="0.0.0.0", open=True)) is None
    monkeypatch.setenv("GATERA_TOKEN", "a-token-of-ours")
    access = _access(Settings(host="0.0.0.0"))
    assert access is not None and access.is_token(b"a-token-of-ours")


def test_masks_have_no_program(tmp_path, tiny_programs):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
        for number in range(2):
            Image.new("L", (6, 4), number).save(tmp_path / name / f"{number}.png")
    program = tiny_programs.write("photos", tmp_path / "tiny.gatera")
    with pytest.raises(ArgumentError, match="these photos have masks"):
        run_studio(str(tmp_path), Settings(by="Ann", program=str(program), port=0), lambda line: None)


def test_pictures_of_the_model_do_not_keep_a_closed_studio_from_ending(pets, studio_of, monkeypatch):
    studio = studio_of(pets)
    panel, drawn = Panel(studio), []
    monkeypatch.setattr(panel, "_of_inside", object)
    endpoint = panel._picture("units", lambda inside, request: bytes(drawn.append(inside) or b""))
    asyncio.run(endpoint(Request({"type": "http", "path_params": {}})))
    studio.close()
    with pytest.raises(Refused, match="closed"):
        asyncio.run(endpoint(Request({"type": "http", "path_params": {"layer": "1"}})))
    assert len(drawn) == 1


@pytest.mark.whole
def test_training_on_photos_and_the_panel(pets, studio_of, serving, monkeypatch):
    monkeypatch.setattr("gatera.studio.training.pictures.SIZE", (64, 64))  # what is shown is the same, sooner
    studio = studio_of(pets)
    studio.act("Ann", Asked("label", {n: ("cat", "dog")[n % 2] for n in range(8)}))
    studio.act("Ann", Asked("label", {2: "dog"}))  # a wrong label
    app = studio_app(studio, "Ann", train=lambda by, job: start_training(studio, by, job))
    with httpx.Client(base_url=serving(app), timeout=60) as client:
        assert client.get("/api/panel").json()["by"] is None
        client.post("/api/train", content=b"{}")
        job = done(client)
        assert (job["state"], job["words"].startswith("Trained on 8 labels")) == ("done", True), job
        panel = client.get("/api/panel").json()
        assert (
            panel["classes"] == ["cat", "dog"] and panel["n"] == 8 and sum(map(sum, panel["confusion"])) == 8
        )
        assert panel["error"] == panel["wrong"] / 8 and panel["low"] <= panel["error"] <= panel["high"]
        assert panel["confusion"][1][0] >= 1  # the wrong label is guessed a cat by the others
        assert [studio.guesses.of(n).label for n in range(8, 12)] == ["cat", "dog"] * 2
        assert studio.guesses.suspects[0][:3] == (2, "dog", "cat")
        where = client.get("/panel/occlusion/8")
        assert where.headers["content-type"] == "image/png" and where.content.startswith(b"\x89PNG")
        assert client.get("/panel/occlusion/99").status_code == 404
        assert len(panel["layers"]) == 3
        units = client.get(f"/panel/units/{panel['layers'][0]}")
        assert units.status_code == 200 and units.content.startswith(b"\x89PNG")
        assert "layer" in client.get("/panel/units/nothing").json()["error"]["message"]
        kept = len(list(studio.folder.rglob("*.npz")))
        assert kept == 1  # features are there for the next training
        from gatera.studio.training.inside import Inside  # needs PyTorch

        monkeypatch.setattr(studio, "closed", True)
        with pytest.raises(Refused, match="closed"):
            Inside(studio.trained, Panel(studio)._check_open).occlusion(pets / "08.png")
