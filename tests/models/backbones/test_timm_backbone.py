from __future__ import annotations

import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError
from gatera.models.backbones.architectures import Architecture, get_architecture
from gatera.models.backbones.timm_backbone import (
    backbone_facts,
    build_backbone,
    build_classifier,
    feature_shape,
    layer_numbers,
)


def test_facts_of_lite0_are_those_its_weights_were_trained_with():
    facts = backbone_facts(get_architecture("efficientnet_lite0"))
    assert facts.mean == facts.std == (0.5, 0.5, 0.5)
    assert (facts.input_size, facts.fixed_size) == ((224, 224), False)
    assert (facts.first_convs, facts.classifiers) == (("conv_stem",), ("classifier",))
    assert (facts.hub_id, facts.hub_filename) == ("timm/tf_efficientnet_lite0.in1k", None)


def test_several_first_layers_and_classifiers_are_all_named():
    facts = backbone_facts(get_architecture("crossvit_9_240"))
    assert facts.first_convs == ("patch_embed.0.proj", "patch_embed.1.proj")
    assert facts.classifiers == ("head.0", "head.1")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("test_resnet", (96, True)),
        ("resnet34", (512, True)),
        ("test_convnext", (64, True)),
        ("mobilenet_v3_large", (1280, False)),  # a layer between pooling and classifier
        ("test_vit", (64, False)),  # tokens, not pixels
        ("test_mambaout", (256, False)),  # [N,H,W,C]
    ],
)
def test_what_a_backbone_gives_is_found_by_running_it(name, expected):
    arch = get_architecture(name)
    facts = backbone_facts(arch)
    n_features, spatial = shape = feature_shape(arch, facts)
    assert shape == expected
    with torch.device("meta"):
        features = build_backbone(arch, pooled=not spatial).eval()(torch.zeros(1, 3, *facts.input_size))
    assert features.ndim == (4 if spatial else 2) and features.shape[1] == n_features


def test_a_backbone_has_no_classifier_and_a_classifier_has_one():
    arch = get_architecture("test_resnet")
    names = {name for name, _ in build_classifier(arch).named_parameters()}
    assert names - {name for name, _ in build_backbone(arch).named_parameters()} == {"fc.weight", "fc.bias"}


def test_a_backbone_reads_as_many_channels_as_asked():
    assert build_backbone(get_architecture("test_resnet"), n_in=5)(torch.zeros(1, 5, 64, 64)).shape[1] == 96


def test_layers_are_numbered_from_the_input_on():
    numbers = layer_numbers(build_backbone(get_architecture("test_resnet")))
    assert numbers["conv1.0.weight"] == 0 and numbers["layer1.0.conv1.weight"] == 1
    assert max(numbers.values()) == numbers["layer4.0.conv1.weight"] == 4


def test_a_backbone_without_groups_is_numbered_in_the_order_of_its_parameters():
    assert layer_numbers(nn.Linear(2, 2)) == {"weight": 0, "bias": 1}


def test_an_architecture_without_one_vector_per_photo_is_refused(monkeypatch):
    class Tokens(nn.Module):
        def forward_features(self, x: torch.Tensor) -> torch.Tensor:
            return x.flatten(2)

        forward = forward_features

    monkeypatch.setattr("gatera.models.backbones.timm_backbone.build_backbone", lambda arch, pooled: Tokens())
    arch = get_architecture("test_resnet")
    with pytest.raises(ArgumentError) as err:
        feature_shape(arch, backbone_facts(arch))
    assert str(err.value) == (
        "test_resnet does not return one feature vector per photo, so it cannot have a head. Choose another architecture."
    )


def test_a_timm_name_that_timm_does_not_have_is_refused():
    with pytest.raises(ArgumentError) as err:
        backbone_facts(Architecture("mine", "resnet43"))
    assert str(err.value) == (
        "timm has no architecture with the timm_name of mine. Got: 'resnet43'. Did you mean 'resnet34'?"
    )
