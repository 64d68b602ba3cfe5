from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from gatera.core.errors import PretrainedError
from gatera.models.backbones.architectures import get_architecture
from gatera.models.backbones.timm_backbone import backbone_facts
from gatera.models.vision.classifier import create_classifier, original_preprocessing
from gatera.program.preprocess import Preprocessing


def test_a_classifier_is_whole_and_ready_to_use(tmp_path, tiny, tiny_weights):
    torch.save(tiny_weights, tmp_path / "a.pth")
    classifier = create_classifier(tiny, tmp_path / "a.pth")
    assert classifier.source == str(tmp_path / "a.pth")
    assert not classifier.model.training
    assert torch.equal(classifier.model[1].fc.weight, tiny_weights["fc.weight"])
    assert classifier.model(torch.rand(1, 3, 64, 64)).shape == (1, 1000)


def test_a_classifier_without_its_last_layer_is_refused(tmp_path, tiny, tiny_weights):
    weights = {name: value for name, value in tiny_weights.items() if not name.startswith("fc.")}
    torch.save(weights, tmp_path / "a.pth")
    with pytest.raises(PretrainedError) as err:
        create_classifier(tiny, tmp_path / "a.pth")
    assert str(err.value).startswith(
        f"the weights in {tmp_path / 'a.pth'} do not fit test_resnet: 2 missing (fc.weight, fc.bias). "
    )


def test_the_original_preprocessing_resizes_the_shorter_side_and_crops(tiny):
    facts = backbone_facts(tiny)
    assert original_preprocessing(facts) == [
        {"op": "read_photo", "mode": "RGB"},
        {"op": "resize_shorter", "size": 168, "resample": "bilinear"},
        {"op": "center_crop", "size": [160, 160]},
    ]


def test_the_original_preprocessing_may_resize_both_sides():
    facts = replace(backbone_facts(get_architecture("test_resnet")), crop_mode="squash", crop_pct=0.8)
    steps = original_preprocessing(facts)
    assert steps[1] == {"op": "resize", "size": [200, 200], "method": "squish", "resample": "bilinear"}
    assert Preprocessing(steps)(np.zeros((90, 120, 3), np.uint8)).shape == (160, 160, 3)
