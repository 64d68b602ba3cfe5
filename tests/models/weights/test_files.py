from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from gatera.core.errors import PretrainedError
from gatera.models.weights import files as checkpoints
from gatera.models.weights.files import read_checkpoint
from gatera.program.package import write_package

WEIGHTS = {"conv.weight": torch.arange(600.0).view(20, 30), "conv.bias": torch.ones(4)}
#: The least that passes for an ONNX model: its version, and nothing in it.
ONNX = b"\x08\x08"
DELETE = "Delete it and download it again, or choose another file."


def saved(path: Path, content: object = None, legacy: bool = False) -> Path:
    torch.save(WEIGHTS if content is None else content, path, _use_new_zipfile_serialization=not legacy)
    return path


def same(weights: dict[str, torch.Tensor]) -> bool:
    return weights.keys() == WEIGHTS.keys() and all(
        torch.equal(weights[name], WEIGHTS[name]) for name in WEIGHTS
    )


def message_of(path: Path) -> str:
    with pytest.raises(PretrainedError) as err:
        read_checkpoint(path)
    return str(err.value)


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".bin"])
@pytest.mark.parametrize("legacy", [False, True])
def test_a_state_dict_is_read(tmp_path, suffix, legacy):
    assert same(read_checkpoint(saved(tmp_path / f"a{suffix}", legacy=legacy)))


def test_safetensors_are_read(tmp_path):
    save_file(WEIGHTS, tmp_path / "a.safetensors")
    assert same(read_checkpoint(str(tmp_path / "a.safetensors")))


@pytest.mark.parametrize("wrapper", ["state_dict", "model", "model_state_dict"])
def test_weights_among_other_things_are_found(tmp_path, wrapper):
    assert same(read_checkpoint(saved(tmp_path / "a.pth", {"epoch": 3, wrapper: WEIGHTS})))


def test_the_prefix_of_parallel_training_is_taken_away(tmp_path):
    parallel = {f"module.{name}": value for name, value in WEIGHTS.items()}
    assert same(read_checkpoint(saved(tmp_path / "a.pth", parallel)))


def test_of_a_whole_model_of_ours_the_body_is_taken(tmp_path):
    whole = {f"0.backbone.{name}": value for name, value in WEIGHTS.items()} | {"1.8.weight": torch.zeros(2)}
    assert same(read_checkpoint(saved(tmp_path / "a.pth", {"model": whole, "opt": {}})))


def test_of_a_program_the_body_is_taken(tmp_path):
    whole = {f"0.backbone.{name}": value for name, value in WEIGHTS.items()} | {"1.8.weight": torch.zeros(2)}
    save_file(whole, tmp_path / "weights.safetensors")
    entries = {"model.onnx": ONNX, "weights.safetensors": tmp_path / "weights.safetensors"}
    assert same(read_checkpoint(write_package(tmp_path / "cats.gatera", {}, entries)))


def test_a_slim_program_has_no_weights(tmp_path):
    path = write_package(tmp_path / "cats.gatera", {}, {"model.onnx": ONNX})
    assert message_of(path) == (f"{path} was exported without weights. Export it again without slim=True.")


def test_a_damaged_program_is_refused(tmp_path):
    path = tmp_path / "cats.gatera"
    path.write_bytes(b"")
    assert message_of(path) == (
        f"cannot read weights from the program: {path} is not a program file: it is empty. learn.export writes program files."
    )


def test_a_missing_file_is_named(tmp_path):
    assert message_of(tmp_path / "no.pth") == (
        f"pretrained must be an existing file: {tmp_path / 'no.pth'} does not exist. "
        "Pass pretrained=True to find weights automatically."
    )


def test_a_file_beside_the_missing_one_is_offered(tmp_path):
    saved(tmp_path / "resnet34.pth")
    assert message_of(tmp_path / "resnet43.pth") == (
        f"pretrained must be an existing file: {tmp_path / 'resnet43.pth'} does not exist. Did you mean 'resnet34.pth'?"
    )


def test_a_folder_is_refused(tmp_path):
    assert message_of(tmp_path) == (
        f"pretrained is a folder: {tmp_path}. Expected: a file ending in .safetensors, .pth, .pt, .bin, .gatera."
    )


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "cats.h5").write_bytes(b"?")
    assert message_of(tmp_path / "cats.h5") == (
        f"pretrained has an unknown file type: {tmp_path / 'cats.h5'}. Got: '.h5'. "
        "Expected: .safetensors, .pth, .pt, .bin, .gatera."
    )


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    path = saved(tmp_path / "a.pth")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert message_of(path) == f"pretrained cannot be read: {path} (Permission denied)."


def test_a_zip_checkpoint_that_is_cut_off_is_refused(tmp_path):
    path = saved(tmp_path / "a.pth")
    path.write_bytes(path.read_bytes()[:1500])
    assert message_of(path) == (
        f"{path} is damaged or truncated (PytorchStreamReader failed reading zip archive: failed finding central "
        f"directory). {DELETE}"
    )


def test_a_legacy_tar_checkpoint_is_refused(tmp_path):
    path = tmp_path / "a.pth"
    header = b"sys_info".ljust(124, b"\0")
    path.write_bytes(header + bytes(1024))
    with pytest.raises(PretrainedError) as err:
        read_checkpoint(path)
    assert str(err.value).startswith(f"{path} is damaged or truncated (") and str(err.value).endswith(DELETE)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("legacy", [False, True])
def test_whatever_damage_there_is_only_our_error_comes_out(tmp_path, legacy):
    good = saved(tmp_path / "good.pth", legacy=legacy).read_bytes()
    path = tmp_path / "bad.pth"
    refused = 0
    for position in range(0, min(len(good), 1200), 7):
        path.write_bytes(good[:position] + bytes([good[position] ^ 0x5A]) + good[position + 1 :])
        try:
            read_checkpoint(path)
        except PretrainedError:
            refused += 1
    for length in range(0, len(good), len(good) // 20):
        path.write_bytes(good[:length])
        with pytest.raises(PretrainedError):
            read_checkpoint(path)
    assert refused > 20


def test_safetensors_that_are_cut_off_are_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    save_file(WEIGHTS, path)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(SafetensorError) as cause:
        load_file(path)
    assert message_of(path) == f"{path} is damaged or truncated ({cause.value}). {DELETE}"


def test_the_hash_in_a_name_must_be_the_contents(tmp_path):
    content = saved(tmp_path / "a.pth").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    (tmp_path / f"net-{digest[:8]}.pth").write_bytes(content)
    assert same(read_checkpoint(tmp_path / f"net-{digest[:8]}.pth"))
    wrong = tmp_path / "net-0badf00d.pth"
    wrong.write_bytes(content)
    assert message_of(wrong) == (
        f"{wrong} is damaged or misnamed: its SHA-256 does not begin with 0badf00d. "
        f"Got: '{digest[:16]}'. Download it again. If the number in its name is not a hash, rename the file."
    )


@pytest.mark.parametrize("name", ["net-20261123.pth", "net-v2.pth", "net-1234567.pth", "net_0badf00d.pth"])
def test_a_date_or_a_version_in_a_name_is_no_hash(tmp_path, name):
    assert same(read_checkpoint(saved(tmp_path / name)))


class Trap:
    """Pickles to a call of print."""

    def __reduce__(self) -> tuple[object, ...]:
        return print, ("the trap has gone off",)


@pytest.mark.parametrize("legacy", [False, True])
def test_pickled_code_is_not_run(tmp_path, capsys, legacy):
    path = saved(tmp_path / "a.pth", {"state_dict": WEIGHTS, "extra": Trap()}, legacy=legacy)
    assert message_of(path) == (
        f"{path} contains pickled Python objects (print), which can run arbitrary code and are never loaded. "
        "Save only the weights: torch.save(model.state_dict(), path)."
    )
    assert capsys.readouterr().out == ""


def test_a_pickled_model_is_refused_by_its_class(tmp_path):
    path = saved(tmp_path / "a.pth", nn.Linear(2, 2))
    assert message_of(path) == (
        f"{path} contains pickled Python objects (torch.nn.modules.linear.Linear), which can run arbitrary code and are never "
        "loaded. Save only the weights: torch.save(model.state_dict(), path)."
    )


@pytest.mark.parametrize("content", [[1, 2], {}, "text"])
def test_a_file_without_weights_is_refused(tmp_path, content):
    path = saved(tmp_path / "a.pth", content)
    assert message_of(path) == (
        f"{path} contains no weights. Got: '{type(content).__name__}'. Expected: a dictionary of tensors by name."
    )


def test_something_else_among_the_weights_is_refused(tmp_path):
    path = saved(tmp_path / "a.pth", {**WEIGHTS, "epoch": 3})
    assert message_of(path) == (
        f"{path} contains something other than weights under 'epoch'. Got: 'int'. "
        "Expected: a dictionary of tensors by name."
    )


def test_the_first_sentence_of_torchs_advice_is_kept():
    long = RuntimeError("It is cut. Load it unsafely instead.\nAnd so on.")
    assert checkpoints._first_line(long) == "It is cut"
    assert checkpoints._first_line(EOFError()) == "EOFError"
