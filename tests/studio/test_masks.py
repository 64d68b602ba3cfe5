"""Masks: what is painted is kept, what is not painted stays bit for bit, and nothing that anybody made is lost."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pytest
from PIL import Image

from gatera.core.errors import ArgumentError, DataError
from gatera.core.files import sha256_file
from gatera.data.folders.masks import read_mask_folder
from gatera.labeling.labels.table import read_labels_file
from gatera.store import DataRepository
from gatera.studio.app.app import studio_app
from gatera.studio.desk.desk import Desk
from gatera.studio.leaving import leave
from gatera.studio.masks.classes import MaskClasses
from gatera.studio.masks.page_requests import draw, mask_seen
from gatera.studio.masks.pixels import corrected
from gatera.studio.masks.proposed import Proposals
from gatera.studio.page_requests import Asked
from gatera.studio.queues.orders import order_of
from gatera.studio.studio import Studio
from gatera.studio.views import item_view
from gatera.web.errors import Refused

PALETTE = [9, 8, 7, 200, 0, 0, 0, 200, 0]


@pytest.fixture
def streets(tmp_path: Path) -> Path:
    """Three photos, two of them with a mask of three classes and a palette."""
    folder = tmp_path / "streets"
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    for number in range(3):
        Image.new("RGB", (6, 4), (40 * number, 90, 120)).save(folder / "images" / f"{number}.jpg")
    for number in range(2):
        mask = Image.fromarray(np.array([[0, 0, 1, 1, 2, 2]] * 4, np.uint8))
        mask.putpalette(PALETTE)
        mask.save(folder / "masks" / f"{number}.png")
    (folder / "codes.txt").write_text("background\nroad\ncar\n")
    return folder


def paint(studio: Studio, by: str, position: int, value: int, where=np.s_[0, 0]) -> list[int]:
    desk, name = studio.people.desk(by), studio.place.names[position]
    seen = mask_seen(studio, desk, by, name)
    after = seen.positions.copy()
    after[where] = value
    return draw(studio, by, position, after.tobytes(), seen.base, 2.0)


def test_a_session_corrects_masks_and_training_reads_them(streets, studio_of, said):
    studio = studio_of(streets)
    assert (studio.place.names[2], studio.classes) == ("images/2.jpg", ["background", "road", "car"])
    before = (streets / "masks" / "0.png").read_bytes()
    assert order_of(studio, "Ann", "unlabelled").positions.tolist() == [2]
    assert paint(studio, "Ann", 0, 2) == [0]
    assert paint(studio, "Ann", 2, 1) == [2]
    draw(studio, "Ann", 1, b"", sha256_file(streets / "masks" / "1.png"), 3.0)  # right as it is
    assert order_of(studio, "Ann", "unlabelled").positions.tolist() == []
    assert studio.counts(studio.people.desk("Ann"))["labelled"] == 3
    assert (streets / "masks" / "0.png").read_bytes() == before  # not before the end
    left = leave(studio, "Ann")
    assert left.sentence.startswith("1 new mask. 1 mask replaced; the old ones are in ")
    kept = Path(left.sentence.split("the old ones are in ")[1].split(". ")[0])
    assert (kept / "masks" / "0.png").read_bytes() == before
    with Image.open(streets / "masks" / "0.png") as mask:
        assert mask.mode == "P" and mask.getpalette()[:9] == PALETTE
        assert np.asarray(mask)[0].tolist() == [2, 0, 1, 1, 2, 2]
    with Image.open(streets / "masks" / "2.png") as mask:
        assert mask.size == (6, 4) and mask.getpalette()[:9] == PALETTE and np.asarray(mask)[0, 0] == 1
    rows = read_labels_file(streets / "masks.csv")
    assert {(row.file, row.label, row.by, dict(row.more)["seconds"]) for row in rows.values()} == {
        ("images/0.jpg", "masks/0.png", "Ann", "2.0"), ("images/1.jpg", "masks/1.png", "Ann", "3.0"), ("images/2.jpg", "masks/2.png", "Ann", "2.0"),
    }  # fmt: skip
    assert not list((studio.folder / "drawings" / "Ann").iterdir())
    assert len(read_mask_folder(streets, 0.4, 0).photos) == 3


def test_what_two_finishes_of_one_second_replaced_is_kept_twice(streets, studio_of, monkeypatch):
    monkeypatch.setattr("gatera.studio.leaving.now", lambda: "2026-01-01T00:00:00Z")
    studio, made = studio_of(streets), []
    for value in (2, 1, 2):
        made.append((streets / "masks" / "0.png").read_bytes())
        paint(studio, "Ann", 0, value)
        leave(studio, "Ann")
    kept = [path.read_bytes() for path in sorted(studio.folder.rglob("0.png"))]
    assert kept == made and len({*made}) == 3


def test_strokes_are_undone_over_a_restart(streets, studio_of):
    studio = studio_of(streets)
    paint(studio, "Ann", 0, 2)
    paint(studio, "Ann", 0, 1)
    studio.close()
    again = studio_of(streets)
    desk = again.people.desk("Ann")
    assert mask_seen(again, desk, "Ann", "images/0.jpg").positions[0, 0] == 1
    again.act("Ann", Asked("undo"))
    assert mask_seen(again, desk, "Ann", "images/0.jpg").positions[0, 0] == 2
    again.act("Ann", Asked("undo"))
    assert mask_seen(again, desk, "Ann", "images/0.jpg").positions[0, 0] == 0
    again.act("Ann", Asked("redo"))
    assert item_view(again, desk, "Ann", 0)["mask"]["drawn"]
    again.act("Ann", Asked("mask", {0: ""}))  # given up
    assert mask_seen(again, desk, "Ann", "images/0.jpg").positions[0, 0] == 0
    assert leave(again, "Ann").written.changed == 0


def test_two_people_do_not_overwrite_each_others_masks(streets, studio_of):
    studio = studio_of(streets)
    paint(studio, "Ann", 0, 2)
    paint(studio, "Ben", 0, 1)
    assert order_of(studio, "Ann", "disagreements").positions.tolist() == [0]
    leave(studio, "Ann")
    left = leave(studio, "Ben")
    assert left.disputed == ["images/0.jpg"]
    assert np.asarray(Image.open(streets / "masks" / "0.png"))[0, 0] == 2
    desk = studio.people.desk("Ben")
    assert [who for who, _ in studio.differing(desk, "Ben", "images/0.jpg")] == ["Ben", "masks/0.png"]
    seen = mask_seen(studio, desk, "Ben", "images/0.jpg")
    assert seen.positions[0, 0] == 1  # Ben's own, still there
    draw(studio, "Ben", 0, b"", seen.base)  # having seen it
    assert leave(studio, "Ben").disputed == []
    assert np.asarray(Image.open(streets / "masks" / "0.png"))[0, 0] == 1


def test_a_mask_that_changed_since_it_was_seen_takes_no_stroke(streets, studio_of):
    studio = studio_of(streets)
    seen = mask_seen(studio, studio.people.desk("Ann"), "Ann", "images/0.jpg")
    Image.fromarray(np.ones((4, 6), np.uint8)).save(streets / "masks" / "0.png")
    with pytest.raises(Refused, match="somebody else has changed the mask"):
        draw(studio, "Ann", 0, seen.positions.tobytes(), seen.base)


def test_a_commit_that_was_cut_off_goes_on(streets, studio_of, monkeypatch):
    studio = studio_of(streets)
    paint(studio, "Ann", 0, 2)
    paint(studio, "Ann", 1, 2)
    with monkeypatch.context() as patched:
        from gatera.studio.masks import writing

        real, calls = writing.replace_mask, []

        def full(*paths: Path) -> Path:
            calls.append(paths)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
            return real(*paths)

        patched.setattr(writing, "replace_mask", full)
        with pytest.raises(
            DataError, match=r"1\.png cannot be written .*No space left.*Free some disk space"
        ):
            leave(studio, "Ann")
    assert np.asarray(Image.open(streets / "masks" / "1.png"))[0, 0] == 0
    left = leave(studio, "Ann")
    assert left.disputed == [] and left.written.changed == 2
    assert all(np.asarray(Image.open(streets / "masks" / f"{n}.png"))[0, 0] == 2 for n in range(2))


def test_drawings_of_a_folder_that_was_removed_are_written_again(streets, studio_of, said):
    studio = studio_of(streets)
    paint(studio, "Ann", 0, 2)
    paint(studio, "Ann", 1, 2)
    shutil.rmtree(streets / ".gatera")
    paint(studio, "Ann", 1, 1, np.s_[0, 1])
    assert sum("had been removed, and was written again" in line for line in said) == 2  # journal, drawings
    shutil.rmtree(streets / ".gatera")
    assert mask_seen(studio, studio.people.desk("Ann"), "Ann", "images/0.jpg").positions[0, 0] == 2
    shutil.rmtree(streets / ".gatera")
    assert leave(studio, "Ann").written.changed == 2
    assert [np.asarray(Image.open(streets / "masks" / f"{n}.png"))[0, 0] for n in range(2)] == [2, 2]


def test_a_mask_of_another_format_becomes_a_png(streets, studio_of):
    for number in range(2):
        Image.open(streets / "masks" / f"{number}.png").save(streets / "masks" / f"{number}.bmp")
        (streets / "masks" / f"{number}.png").unlink()
    studio = studio_of(streets)
    paint(studio, "Ann", 0, 2)
    leave(studio, "Ann")
    assert sorted(path.name for path in (streets / "masks").iterdir()) == ["0.png", "1.bmp"]
    assert [path.name for path in (studio.folder / "replaced").rglob("*.bmp")] == ["0.bmp"]
    assert np.asarray(Image.open(streets / "masks" / "0.png"))[0, 0] == 2
    assert studio_of(streets).place.known["images/0.jpg"].label == "masks/0.png"


def test_a_mask_that_does_not_lie_on_its_photo_is_said(streets, studio_of):
    Image.new("L", (4, 6)).save(streets / "masks" / "1.png")
    studio = studio_of(streets)
    with pytest.raises(DataError, match=r"1\.png is 4 x 6 pixels, and its photo 6 x 4"):
        mask_seen(studio, Desk(), "Ann", "images/1.jpg")


def test_labels_and_masks_are_not_mixed(streets, studio_of, said):
    studio = studio_of(streets)
    with pytest.raises(ArgumentError, match="masks, not labels"):
        studio.act("Ann", Asked("label", {0: "cat"}))
    with pytest.raises(ArgumentError, match=r"codes\.txt"):
        Studio(studio.place, ["cat"], said.append)
    with pytest.raises(ArgumentError, match="Draw it first"):
        draw(studio, "Ann", 2, b"", "")
    data = DataRepository.init(streets, on_note=lambda text: None)
    data.add()
    data.close()
    said.clear()
    assert studio_of(streets).place.masks is None
    assert "Masks are corrected only in a plain folder, not in a data repository" in said[0]


NUMBERS = MaskClasses([0, 1, 2, 255], ["background", "road", "car", "void"])
COLOURS = MaskClasses([(0, 0, 0), (128, 0, 0), (0, 128, 0)], ["background", "road", "car"])
GREY = np.array([[0, 1], [2, 2]], np.uint8)


def palette_of(entries: list[int]) -> Image.Image:
    image = Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8))
    image.putpalette(entries)
    return image


#: A mask, its classes, the place that is painted into the corner.
KINDS = {
    "grey": (Image.fromarray(GREY), NUMBERS, 3),
    "bits": (Image.fromarray(GREY > 0), NUMBERS, 1),
    "bits that need more": (Image.fromarray(GREY > 0), NUMBERS, 2),
    "palette of two colours": (palette_of([0, 0, 0, 9, 9, 9]), NUMBERS, 3),
    "sixteen bits": (Image.fromarray(GREY.astype(np.uint16) * 257), NUMBERS, 3),
    "sixteen bits of small numbers": (Image.fromarray(GREY.astype(np.uint16)), NUMBERS, 3),
    "whole numbers": (Image.fromarray(GREY.astype(np.int32)), NUMBERS, 3),
    "floats": (Image.fromarray(GREY.astype(np.float32)), NUMBERS, 3),
    "grey as colours": (Image.fromarray(GREY).convert("RGB"), NUMBERS, 3),
    "grey with opacity": (Image.fromarray(GREY).convert("LA"), NUMBERS, 3),
    "colours": (Image.fromarray(np.array([[[0, 0, 0], [128, 0, 0]]] * 2, np.uint8)), COLOURS, 2),
    "colours with opacity": (Image.fromarray(np.array([[[0, 0, 0, 255], [128, 0, 0, 255]]] * 2, np.uint8)), COLOURS, 2),
    "palette of colours that lacks one": (palette_of([0, 0, 0, 128, 0, 0]), COLOURS, 2),
    "black alone": (Image.fromarray(np.zeros((2, 2), np.uint8)), COLOURS, 1),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_mask_is_kept_without_loss(kind, tmp_path):
    image, classes, place = KINDS[kind]
    before, more = classes.positions(image, kind)
    after = before.copy()
    after[0, 0] = place
    (tmp_path / "mask.png").write_bytes(corrected(image, kind, after, more))
    with Image.open(tmp_path / "mask.png") as made:
        assert np.array_equal(classes.positions(made, kind)[0], after)
        if made.mode == image.mode:  # all but the corner, bit for bit
            same = np.ones((2, 2), bool)
            same[0, 0] = False
            assert np.array_equal(np.asarray(made)[same], np.asarray(image)[same])


class Halves:
    """A program that sees a car on the left, no class in the middle, and road on the right."""

    task, vocab = "segmentation", ("car", "road")

    def __init__(self):
        self.asked = []

    def predict(self, photo):
        self.asked.append(photo.name)
        return SimpleNamespace(label=np.array([[0, 0, 255, 255, 1, 1]] * 4, np.uint8))


def test_a_program_proposes_the_masks_that_are_missing(streets, studio_of):
    studio, program = studio_of(streets), Halves()
    studio.proposals = Proposals(program, "seg@12345678", studio.place.masks.classes)
    desk = studio.people.desk("Ann")
    assert mask_seen(studio, desk, "Ann", "images/0.jpg").positions[0].tolist() == [0, 0, 1, 1, 2, 2]
    assert program.asked == []
    assert mask_seen(studio, desk, "Ann", "images/2.jpg").positions[0].tolist() == [2, 2, 0, 0, 1, 1]
    assert item_view(studio, desk, "Ann", 2)["why"] == "proposed by seg@12345678"
    assert "why" not in item_view(studio, desk, "Ann", 0)
    assert paint(studio, "Ann", 2, 1) == [2]
    assert mask_seen(studio, desk, "Ann", "images/2.jpg").positions[0].tolist() == [1, 2, 0, 0, 1, 1]
    assert program.asked == ["2.jpg"]
    leave(studio, "Ann")
    assert np.asarray(Image.open(streets / "masks" / "2.png"))[:2].tolist() == [
        [1, 2, 0, 0, 1, 1],
        [2, 2, 0, 0, 1, 1],
    ]
    assert read_labels_file(streets / "masks.csv")["images/2.jpg"].note == "proposed by seg@12345678"


def test_a_proposal_is_taken_as_it_is(streets, studio_of):
    studio = studio_of(streets)
    with pytest.raises(ArgumentError, match="has no mask yet"):
        draw(studio, "Ann", 2, b"", "")
    studio.proposals = Proposals(Halves(), "seg@12345678", studio.place.masks.classes)
    assert draw(studio, "Ann", 2, b"", "") == [2]
    leave(studio, "Ann")
    assert np.asarray(Image.open(streets / "masks" / "2.png"))[0].tolist() == [2, 2, 0, 0, 1, 1]


def test_a_program_that_proposes_no_such_masks_is_refused():
    program = Halves()
    program.vocab = ("car", "tree")
    with pytest.raises(
        ArgumentError,
        match=r"classes that the masks here do not have\. Got: 'tree'",
    ):
        Proposals(program, "seg@1", MaskClasses([0, 1, 2], ["background", "road", "car"]))
    program.task = "classification"
    with pytest.raises(ArgumentError, match=r"must predict masks\. Got: 'classification'"):
        Proposals(program, "seg@1", MaskClasses([0, 1], ["background", "road"]))


def test_values_that_are_no_class_stay(tmp_path):
    image = Image.fromarray(np.array([[0, 77], [1, 1]], np.uint8))
    before, more = NUMBERS.positions(image, "mask")
    assert more.names[-1] == "77" and before[0, 1] == 4
    after = before.copy()
    after[1, 1] = 2
    (tmp_path / "mask.png").write_bytes(corrected(image, "mask", after, more))
    assert np.asarray(Image.open(tmp_path / "mask.png")).tolist() == [[0, 77], [1, 2]]


def test_blurred_pixels_that_nobody_painted_stay_blurred(tmp_path):
    classes = MaskClasses([0, 255], ["background", "thing"], nearest=True)
    image = Image.fromarray(np.array([[3, 250], [131, 0]], np.uint8))
    after = classes.positions(image, "mask")[0].copy()
    after[1, 1] = 1
    (tmp_path / "mask.png").write_bytes(corrected(image, "mask", after, classes))
    assert np.asarray(Image.open(tmp_path / "mask.png")).tolist() == [[3, 250], [131, 255]]


def test_thumbnails_show_what_a_program_proposes(streets, studio_of, serving):
    studio = studio_of(streets)
    with httpx.Client(base_url=serving(studio_app(studio, "Ann"))) as client:
        before = client.get("/over/2").content
        studio.proposals = Proposals(Halves(), "seg@12345678", studio.place.masks.classes)
        pixels = np.asarray(Image.open(io.BytesIO(client.get("/over/2").content)), int)
    change = np.abs(pixels - np.asarray(Image.open(io.BytesIO(before)), int)).max(axis=2)
    assert change[:, 0].min() > 20 and change[:, 5].min() > 20


def test_a_photo_that_changed_is_looked_at_again(streets, studio_of):
    program = Halves()
    proposals = Proposals(program, "seg@12345678", studio_of(streets).place.masks.classes)
    photo = streets / "images" / "2.jpg"
    for _ in range(2):
        proposals.of(photo)
    Image.new("RGB", (6, 4), "red").save(photo)
    proposals.of(photo)
    assert program.asked == ["2.jpg", "2.jpg"]


def test_the_api_of_masks(streets, studio_of, serving):
    with httpx.Client(base_url=serving(studio_app(studio_of(streets), "Ann"))) as client:
        state = client.get("/api/state").json()
        assert (state["kind"], state["can_train"], len(state["colours"])) == ("masks", False, 3)
        answer = client.get("/mask/0")
        packed = {"Content-Encoding": "gzip"}
        head, _, pixels = answer.content.partition(b"\n")
        found = json.loads(head)
        assert (found["width"], found["height"], found["ground"], len(pixels)) == (6, 4, 0, 24)
        painted = bytearray(pixels)
        painted[0] = 2
        query = {"base": found["base"], "id": "one", "seconds": "1.5"}
        for _ in range(2):  # the second time it is done already
            done = client.post(
                "/api/mask/0", params=query, content=gzip.compress(bytes(painted)), headers=packed
            )
            assert done.status_code == 200
        assert client.get("/mask/0").content.partition(b"\n")[2] == bytes(painted)
        assert client.get("/api/state").json()["counts"]["undo"] == 1
        assert client.get("/over/0").headers["content-type"] == "image/jpeg"
        for path, body, status, words in (
            ("/api/mask/0", b"xx", 400, "not compressed as its header"), ("/api/mask/0", gzip.compress(b"x"), 400, "does not fit"),
            ("/api/mask/0", gzip.compress(b"\x09" * 24), 400, "does not fit"), ("/api/mask/9", b"", 404, "no such item"),
            ("/api/mask/0", gzip.compress(b"\0" * 24)[:-9], 400, "cut off"), ("/api/train", b"{}", 400, "have masks"),
        ):  # fmt: skip
            wrong = client.post(
                path, params={"base": found["base"]}, content=body, headers=packed if "mask" in path else None
            )
            assert (wrong.status_code, words in wrong.json()["error"]["message"]) == (status, True), (
                wrong.text
            )
        assert "seconds must be" in client.post("/api/mask/0", params={"seconds": "x"}).text


def test_a_full_disk_keeps_no_half_drawing(streets, studio_of, monkeypatch):
    studio = studio_of(streets)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gatera.studio.masks.drawn.os.fsync", full)
    with pytest.raises(DataError, match="This drawing was not saved"):
        paint(studio, "Ann", 0, 2)
    assert not studio.people.desk("Ann").said["mask"]
    assert not list((studio.folder / "drawings" / "Ann").iterdir())


def test_masks_of_one_value_are_painted_once_their_classes_have_names(streets, studio_of):
    for number in range(2):
        Image.new("L", (6, 4)).save(streets / "masks" / f"{number}.png")
    assert len(studio_of(streets).classes) == 3
    (streets / "codes.txt").unlink()
    with pytest.raises(DataError, match=r"fewer than two .* Name the classes in codes\.txt"):
        studio_of(streets)


def test_a_mask_that_another_process_made_a_png_is_not_overwritten(streets, studio_of):
    for number in range(2):
        Image.open(streets / "masks" / f"{number}.png").save(streets / "masks" / f"{number}.bmp")
        (streets / "masks" / f"{number}.png").unlink()
    here, there = studio_of(streets), studio_of(streets)
    paint(here, "Ann", 0, 2)
    paint(there, "Ben", 0, 1)
    leave(here, "Ann")
    assert leave(there, "Ben").disputed == ["images/0.jpg"]
    seen = mask_seen(there, there.people.desk("Ben"), "Ben", "images/0.jpg")
    draw(there, "Ben", 0, b"", seen.base)
    assert leave(there, "Ben").disputed == []
    assert np.asarray(Image.open(streets / "masks" / "0.png"))[0, 0] == 1
