"""`gatera mcp`: programs of every kind as tools, asked by the SDK's own client over standard input and output."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import anyio
import numpy as np
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from PIL import Image

import gatera
from gatera.cli.main import main
from gatera.cli.mcp.run import answer, load_tools
from gatera.cli.mcp.tools import tool_word

ROW = {"job": "nurse", "age": 61, "since": "2024-02-29"}


def test_an_assistant_is_told_units_and_where_the_hour_counts(tiny_programs, tmp_path):
    (step,) = tiny_programs.rows()[0]["preprocess"]
    age, since = step["numbers"]
    age |= {"unit": "kg", "decimal": ".", "thousands": ""}
    step["numbers"] = [age, {**since, "name": "since_Hour", "part": "Hour"}]
    file = tiny_programs.write("rows", tmp_path / "rows.gatera", preprocess=[step])
    loaded = load_tools([str(file)], [], False)
    cells = loaded["predict_rows"].schema["properties"]["row"]["properties"]
    assert cells["age"]["description"] == "A number in kg."
    assert cells["since"]["description"] == "A date and time of day, as ISO 8601 writes them."
    found = answer(loaded, "predict_rows", {"row": {**ROW, "age": "61 kg"}}).structured_content
    assert found["notes"] == ["Column 'since' had times of day in training; '2024-02-29' is read as 00:00."]
    step["numbers"][1]["zoned"] = True
    file = tiny_programs.write("rows", tmp_path / "zoned.gatera", preprocess=[step])
    cells = load_tools([str(file)], [], False)["predict_zoned"].schema["properties"]["row"]["properties"]
    assert cells["since"]["description"].startswith("A date and time of day with its time zone")


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "cat.png"
    Image.new("RGB", (9, 7), (230, 20, 20)).save(path)
    return path


@pytest.fixture
def tone(tmp_path) -> Path:
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((9000 * np.sin(np.arange(4000) / 3)).astype("<i2").tobytes())
    return path


@pytest.fixture
def tools(tiny_programs, tmp_path):
    """The tools of a program of a kind: `tools("photos")`."""

    def load(kind, *folders, **changes):
        return load_tools(
            [str(tiny_programs.write(kind, tmp_path / f"{kind}.gatera", **changes))], list(folders), False
        )

    return load


def said(result):
    return result.content[0].text


@pytest.mark.parametrize(
    "kind",
    ["photos", "careful", "several", "masks", "points", "sounds", "texts", "rows", "numbers", "ratings"],
)
def test_each_kind_of_program_answers_as_predict_does(tools, kind, photo, tone, tmp_path):
    given, raw = {
        "sounds": ({"path": str(tone)}, tone), "texts": ({"text": "a good film"}, "a good film"), "rows": ({"row": ROW}, ROW),
        "numbers": ({"row": ROW}, ROW), "ratings": ({"row": {"user": 7, "film": "Cube"}}, {"user": 7, "film": "Cube"}),
    }.get(kind, ({"path": str(photo)}, photo))  # fmt: skip
    found = tools(kind)
    result = answer(found, f"predict_{kind}", given)
    assert not result.is_error, said(result)
    wanted = json.loads(json.dumps(gatera.load_program(tmp_path / f"{kind}.gatera").predict(raw).to_dict()))
    assert json.loads(said(result)) == json.loads(json.dumps(result.structured_content)) == wanted
    schema = found[f"predict_{kind}"].schema
    assert set(given) <= set(schema["properties"])
    assert set(schema["required"]) <= set(given)
    assert ("sure" in schema["properties"]) == (kind == "careful")


def test_a_file_may_come_as_base64_and_a_level_may_be_asked_for(tools):
    grey = io.BytesIO()
    Image.new("RGB", (9, 7), (120, 120, 120)).save(grey, "PNG")
    result = answer(
        tools("careful"), "predict_careful", {"data": base64.b64encode(grey.getvalue()).decode(), "sure": 0.9}
    )
    assert result.structured_content["label"] is None
    assert "were right in 90 % of cases" in result.structured_content["reason"]


def test_files_as_assistants_name_them(tools, photo, tmp_path):
    found = tools("photos")
    wanted = answer(found, "predict_photos", {"path": str(photo)}).structured_content
    spaced = photo.rename(tmp_path / "my cat.png")
    spaced = spaced.rename(tmp_path / "my cat #1 at 100%41.png")
    for address in (spaced.as_uri(), f"file://{spaced}", f"file://localhost{spaced}"):
        assert answer(found, "predict_photos", {"path": address}).structured_content == wanted
    data = "data:image/png;base64," + base64.encodebytes(spaced.read_bytes()).decode()
    assert answer(found, "predict_photos", {"data": data}).structured_content == wanted
    kept = tools("photos", tmp_path / "other") if (tmp_path / "other").mkdir() is None else {}
    assert "may not be read" in said(answer(kept, "predict_photos", {"path": spaced.as_uri()}))


def test_what_is_decided_about_a_row_is_in_the_answer_each_time(tools):
    found = tools("rows")
    for _ in range(2):
        result = answer(found, "predict_rows", {"row": {**ROW, "job": "Martian"}})
        assert "Unseen category 'Martian' in column 'job'" in result.structured_content["notes"][0]


def test_objects_and_numbers_may_come_as_texts_of_json(tools):
    """So several assistants send them: a program of rows was of no use there."""
    found = tools("rows")
    plain = answer(found, "predict_rows", {"row": ROW}).structured_content
    assert answer(found, "predict_rows", {"row": json.dumps(ROW)}).structured_content == plain
    twice = answer(found, "predict_rows", {"row": '{"job": "cook", "job": "nurse"}'})
    assert "row is missing or of another type" in said(twice)
    found = tools("ratings")
    assert (
        len(answer(found, "recommend_ratings", {"user": 7, "n": "1"}).structured_content["recommendations"])
        == 1
    )
    assert answer(tools("texts"), "predict_texts", {"text": "41"}).structured_content["label"]


def test_a_program_of_ratings_recommends(tools):
    found = tools("ratings")
    result = answer(found, "recommend_ratings", {"user": 7, "n": 5})
    assert [each["film"] for each in result.structured_content["recommendations"]] == ["Cube", "Brazil"]
    assert answer(found, "recommend_ratings", {"user": 99}).is_error


@pytest.mark.parametrize(
    "kind, given, problem",
    [
        ("rows", {"row": {**ROW, "age": True}}, "Column 'age' holds something that is not a number"),
        ("photos", {}, "either path or data must be given"),
        ("photos", {"path": "x", "data": "x"}, "either path or data"),
        ("photos", {"path": "missing.jpg"}, "missing.jpg does not exist"),
        ("photos", {"path": 3}, "path is missing or of another type"),
        ("photos", {"data": "not base64!"}, "data is not base64"),
        ("photos", {"data": ""}, "is empty"),
        ("photos", {"path": "file://elsewhere/x.jpg"}, "the path is on another machine"),
        ("photos", {"path": "~no-such-user/x.jpg"}, "a user who is not known here"),
        ("photos", {"path": "x.jpg", "file": 1}, "there is no argument 'file'"),
        ("careful", {"data": "AA==", "sure": "high"}, "sure must be a number"),
        ("careful", {"data": "AA==", "sure": 95}, "Did you mean 0.95"),
        ("texts", {"text": ["a"]}, "text is missing or of another type"),
        ("texts", {"text": " "}, "is empty"),
        ("rows", {"row": {"job": "cook"}}, "No column 'age'"),
        ("rows", {"row": {**ROW, "age": {}}}, "age"),
        ("ratings", {"row": "7"}, "row is missing or of another type"),
    ],
)
def test_bad_input_is_an_error_of_the_tool(tools, kind, given, problem):
    result = answer(tools(kind), f"predict_{kind}", given)
    assert result.is_error
    assert problem in said(result)
    assert "Traceback" not in said(result)


def test_files_may_be_kept_to_a_folder(tools, photo, tmp_path):
    inside = tmp_path / "photos"
    inside.mkdir()
    found = tools("photos", inside)
    for path in (photo, inside / ".." / photo.name):
        assert "may not be read" in said(answer(found, "predict_photos", {"path": str(path)}))
    (inside / "link.png").symlink_to(photo)
    assert "may not be read" in said(answer(found, "predict_photos", {"path": str(inside / "link.png")}))
    photo.rename(inside / photo.name)
    assert not answer(found, "predict_photos", {"path": str(inside / photo.name)}).is_error


def test_an_unknown_tool_and_a_failing_library_are_errors_too(tools):
    found = tools("texts")
    assert "there is no tool 'x'. Available: predict_texts" in said(answer(found, "x", {}))

    def fails(_):
        raise ZeroDivisionError("by zero")

    broken = {"t": found["predict_texts"]._replace(call=fails)}
    assert said(answer(broken, "t", {})) == "the input could not be predicted (by zero)"


def test_names_become_words_and_stay_apart(tiny_programs, tmp_path, capsys):
    assert [tool_word(name) for name in ("cats", "my cats@v3", "...")] == ["cats", "my_cats_v3", "program"]
    paths = [str(tiny_programs.write("texts", tmp_path / name)) for name in ("a b.gatera", "a.b.gatera")]
    for arguments, message in (
        ([*paths], "two programs would be the tool predict_a_b"),
        ([paths[0], "--files", "nowhere"], "there is no folder nowhere"),
    ):
        with pytest.raises(SystemExit) as done:
            main(["mcp", *arguments])
        assert done.value.code == 1
        assert message in " ".join(capsys.readouterr().err.split())


@pytest.mark.slow
def test_a_client_over_standard_input_and_output(tiny_programs, tmp_path, photo):
    paths = [str(tiny_programs.write(kind, tmp_path / f"{kind}.gatera")) for kind in ("photos", "rows")]
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "gatera", "mcp", *paths], env=dict(os.environ)
    )

    async def talk():
        with (tmp_path / "stderr").open("w") as errors:
            async with stdio_client(server, errlog=errors) as streams, ClientSession(*streams) as session:
                about = await session.initialize()
                listed = await session.list_tools()
                cat = await session.call_tool("predict_photos", {"path": str(photo)})
                bad = await session.call_tool("predict_photos", {"path": str(tmp_path / "none.png")})
                row = await session.call_tool("predict_rows", {"row": ROW})
                return about, listed.tools, cat, bad, row

    about, listed, cat, bad, row = anyio.run(talk)
    assert about.server_info.name == "gatera"
    assert [tool.name for tool in listed] == ["predict_photos", "predict_rows"]
    assert "Predicts one of 2 labels: cat, dog." in listed[0].description
    assert listed[0].annotations.read_only_hint
    assert cat.structured_content["label"] == "cat"
    assert bad.is_error
    assert "none.png does not exist" in said(bad)
    assert row.structured_content["label"] == "rich"
    assert "2 tools: predict_photos, predict_rows." in (tmp_path / "stderr").read_text()


@pytest.mark.whole
def test_nothing_but_the_protocol_is_printed_and_torch_is_not_imported(tiny_programs, tmp_path):
    path = tiny_programs.write("rows", tmp_path / "rows.gatera")
    asked = [
        {"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": {"name": "predict_rows", "arguments": {"row": {**ROW, "job": "Martian"}}}},
    ]  # fmt: skip
    code = (
        "import sys; from gatera.cli.main import main\n"
        f"try: main(['mcp', {str(path)!r}])\n"
        "finally: print('torch' in sys.modules, file=sys.stderr)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        for message in asked:
            running.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            running.stdin.flush()
        lines = [json.loads(running.stdout.readline()) for _ in range(2)]
        running.stdin.close()
        rest, errors = running.stdout.read(), running.stderr.read()
    assert [line["id"] for line in lines] == [1, 2]
    assert lines[1]["result"]["structuredContent"]["notes"]
    assert rest == ""
    assert errors.splitlines()[-1] == "False"
    assert running.returncode == 0
