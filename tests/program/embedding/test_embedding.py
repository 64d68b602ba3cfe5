"""Embeddings and search, with a program whose embedding is the mean colour: no PyTorch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import ArgumentError, DataError, PhotoError, ProgramFileError
from gatera.program.embedding import search
from gatera.program.embedding.search import SimilarItems
from gatera.program.program import load_program

MEAN = {"tensor": "mean", "width": 3}


@pytest.fixture
def program(make_program):
    return load_program(make_program(embedding=MEAN))


def photo(colour, size=(8, 8)) -> np.ndarray:
    return np.full((*size, 3), colour, np.uint8)


def test_embed_gives_what_the_network_makes_of_an_input(program):
    found = program.embed(photo((255, 51, 0)))
    assert found.dtype == np.float32 and found.shape == (3,) and program.embedding_width == 3
    np.testing.assert_allclose(found, [1, 0.2, 0], atol=1e-6)


def test_batches_give_the_same_as_single_inputs(program, tmp_path):
    paths = []
    for number in range(5):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(photo((50 * number, 10, 200))).save(paths[-1])
    many = program.embed_batch(paths, batch_size=2)
    assert many.shape == (5, 3)
    np.testing.assert_allclose(many, [program.embed(path) for path in paths], atol=1e-6)
    assert program.embed_batch([]).shape == (0, 3)


def test_similar_items_are_found(program, tmp_path):
    colours = {"red": (250, 0, 0), "also red": (200, 0, 0), "green": (0, 200, 0), "blue": (0, 0, 200)}
    items = program.similar_items([photo(colour) for colour in colours.values()], list(colours))
    found = items.like(program.embed(photo((255, 30, 0))), 3)
    assert [each.name for each in found] == ["red", "also red", "green"] and found[0].similarity > 0.99
    assert [(pair.first, pair.second) for pair in items.pairs()] == [("red", "also red")]
    again = SimilarItems.load(items.save(tmp_path / "items.npz"))
    assert again.names == items.names and (again.embeddings == items.embeddings).all() and len(again) == 4


def test_items_that_another_program_embedded_are_refused(program, tmp_path):
    """A program that was trained again gives as many numbers, which mean something else."""
    file = program.similar_items([photo((250, 0, 0))], ["red"]).save(tmp_path / "items.npz")
    assert SimilarItems.load(file, program.embeds_as).made_by == program.embeds_as
    with pytest.raises(DataError, match="another program made the embeddings in"):
        SimilarItems.load(file, "0" * 64)
    np.savez(file, embeddings=np.eye(2), names=np.array(["a", "b"]))  # as versions of November 2026 wrote it
    assert SimilarItems.load(file, program.embeds_as).names == ["a", "b"]


def test_a_program_without_embeddings_says_how_to_get_them(make_program):
    program = load_program(make_program())
    assert program.embedding_width is None
    for ask in (program.embed, lambda x: program.embed_batch([x]), lambda x: program.similar_items([x])):
        with pytest.raises(ArgumentError, match=r"gives no embeddings.*embeddings=True"):
            ask(photo((1, 2, 3)))


def test_an_input_that_cannot_be_read_is_named(program, tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"x")
    with pytest.raises(PhotoError, match=r"bad\.jpg"):
        program.embed(tmp_path / "bad.jpg")
    with pytest.raises(PhotoError, match=r"bad\.jpg"):
        program.embed_batch([tmp_path / "bad.jpg"])
    with pytest.raises(ArgumentError, match="batch_size"):
        program.embed_batch([], batch_size=0)


@pytest.mark.parametrize(
    "value",
    [
        3,
        {},
        {"tensor": "mean"},
        {"tensor": "", "width": 3},
        {"tensor": "mean", "width": 0},
        {"tensor": "mean", "width": True},
    ],
)
def test_a_description_that_is_wrong_is_refused(make_program, value):
    with pytest.raises(ProgramFileError, match="no valid 'embedding'"):
        load_program(make_program(embedding=value))


def test_a_tensor_that_is_not_there_or_of_another_size(make_program):
    with pytest.raises(ProgramFileError):
        load_program(make_program(embedding={"tensor": "none", "width": 3})).embed(photo((1, 2, 3)))
    with pytest.raises(ProgramFileError, match=r"another shape\. Got: \[1, 3\]"):
        load_program(make_program("b.gatera", embedding={"tensor": "mean", "width": 4})).embed(
            photo((1, 2, 3))
        )


def test_search_refuses_what_does_not_fit(tmp_path):
    items = SimilarItems(np.eye(2), ["a", "b"])
    for bad in (np.ones(3), np.array([np.nan, 0])):
        with pytest.raises(ArgumentError, match="does not fit the items"):
            items.like(bad)
    for embeddings, names in ((np.eye(2), ["a"]), (np.array([[np.inf, 0]]), ["a"]), (np.ones(2), ["a", "b"])):
        with pytest.raises(ArgumentError, match="do not fit each other"):
            SimilarItems(embeddings, names)
    assert SimilarItems(np.zeros((2, 2)), ["a", "b"]).pairs() == []
    (tmp_path / "x.npz").write_bytes(b"PK")
    np.savez(tmp_path / "pickled.npz", embeddings=np.eye(1), names=np.array([{}], dtype=object))
    for name in ("x.npz", "none.npz", "pickled.npz"):
        with pytest.raises(DataError, match="does not hold items"):
            SimilarItems.load(tmp_path / name)


def test_many_items_are_compared_in_blocks(monkeypatch):

    monkeypatch.setattr(search, "BLOCK", 3)
    rows = np.random.default_rng(0).normal(size=(10, 4))
    rows[7] = rows[2]
    assert [(p.first, p.second) for p in SimilarItems(rows, list("abcdefghij")).pairs(0.999)] == [("c", "h")]


@pytest.mark.whole
def test_it_needs_no_pytorch(make_program, tmp_path: Path):
    path = make_program(embedding=MEAN)
    code = (
        "import sys, numpy as np; from gatera import load_program; "
        f"p = load_program({str(path)!r}); p.similar_items([np.zeros((8, 8, 3), np.uint8)], ['a']); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
