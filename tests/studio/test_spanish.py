"""The server's sentences on a Spanish page: from one table, whose English half is what the code says."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from gatera.studio.app.app import studio_app
from gatera.studio.app.spanish import _SENTENCES, in_spanish


def test_errors_and_sentences_are_in_the_language_of_the_page(photos, studio_of):
    client = TestClient(studio_app(studio_of(photos), "Ann"), base_url="http://127.0.0.1")
    for query, nothing, left in (
        ("", "nothing to undo since the last commit", "Nothing has been decided"),
        ("?lang=es", "no hay nada que deshacer", "No se decidió nada"),
    ):
        undo = client.post(f"/api/act{query}", json={"what": "undo"})
        assert (undo.status_code, nothing in undo.json()["error"]["message"]) == (400, True)
        assert left in client.post(f"/api/leave{query}", json={}).json()["sentence"]
    done = client.post("/api/act?lang=es", json={"what": "label", "items": {"0": "Committed 3: sentence"}})
    assert done.json()["items"][0]["label"] == "Committed 3: sentence"  # labels are no sentences
    photos.rename(photos.with_name("away"))
    gone = client.post("/api/act?lang=es", json={"what": "label", "items": {"1": "cat"}})
    assert "ya no está. Devuélvala a su sitio" in gone.json()["error"]["message"]


def test_cells_of_a_table_are_never_translated(tmp_path, studio_of):
    path = tmp_path / "said.csv"
    path.write_text("words,why,label\nStopped.,reading the items,\nb,c,\n")
    client = TestClient(studio_app(studio_of(path), "Ann"), base_url="http://127.0.0.1")
    order = client.get("/api/order?lang=es").json()["order"]
    item = client.get("/api/items", params={"order": order, "lang": "es"}).json()["items"][0]
    assert item["row"] == {"words": "Stopped.", "why": "reading the items"}


@pytest.mark.parametrize(
    ("text", "spanish"),
    [
        (
            "/a b/x.jsonl cannot be written (No space left on device). This decision was not saved. Free some disk space, then press the key again.",
            "no se puede escribir /a b/x.jsonl (No space left on device). Esta decisión no se guardó. Haga sitio y pulse la tecla otra vez.",
        ),
        (
            "2 new masks. 1 mask replaced; the old ones are in x/replaced. a/masks.csv has 1 changed line.",
            "2 máscaras nuevas. 1 máscara sustituida; la antigua está en x/replaced. a/masks.csv tiene 1 línea cambiada.",
        ),
        (
            "2 of 4 predictions differ from the labels, and one label for all would in 1: too many to say which labels are wrong.",
            "2 de 4 predicciones difieren de las etiquetas, y una misma etiqueta para todos lo haría en 1: demasiadas para decir qué etiquetas son erróneas.",
        ),
        ("Something that nobody translated.", "Something that nobody translated."),
    ],
)
def test_sentences_with_names_and_numbers(text, spanish):
    assert in_spanish(text) == spanish


def test_the_table_has_what_the_code_says():
    rooms = [files("gatera") / room for room in ("studio", "store", "core", "measure")]
    said = " ".join(
        path.read_text("utf-8")
        for room in rooms
        for path in Path(str(room)).rglob("*.py")
        if path.name != "spanish.py"
    )
    for sentence, words in _SENTENCES.items():
        assert sentence.count("{}") == words.count("{}"), sentence
        longest = max(sentence.split("{}"), key=len).strip(" .;:()")
        assert longest[:24] in said or longest.split()[-1].rstrip("s") in said, sentence
