from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
import timm
import torch
from torch import Tensor, nn

from gatera.core.errors import PretrainedError
from gatera.models.backbones.architectures import get_architecture
from gatera.models.backbones.timm_backbone import backbone_facts, build_backbone, build_classifier
from gatera.models.weights.fit import Misfit, _converted_by_timm, adapt_input_weight, fit_weights

CHOOSE = "Use the architecture that they were made for, or pretrained=True to find matching weights."


def fitted(weights: dict[str, Tensor], name: str = "test_resnet", n_in: int = 3) -> torch.nn.Module:
    arch = get_architecture(name)
    network = build_backbone(arch, n_in)
    fit_weights(network, weights, arch, backbone_facts(arch), "a.pth")
    return network


def message_of(weights: dict[str, Tensor], name: str = "test_resnet", n_in: int = 3) -> str:
    with pytest.raises(PretrainedError) as err:
        fitted(weights, name, n_in)
    return str(err.value)


@pytest.fixture
def few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the search for the architecture that misfitting weights look like."""
    monkeypatch.setattr("gatera.models.weights.fit.ARCHITECTURES", {"resnet18": get_architecture("resnet18")})


def test_weights_are_loaded_and_the_classifiers_left_out(tiny_weights):
    state = fitted(tiny_weights).state_dict()
    assert set(tiny_weights) - set(state) == {"fc.weight", "fc.bias"}
    assert all(torch.equal(value, tiny_weights[name]) for name, value in state.items())


def holds(network: nn.Module, weights: Mapping[str, Tensor]) -> bool:
    """Whether every parameter of the network is the one that the weights hold under its name."""
    return all(torch.equal(value, weights[name]) for name, value in network.named_parameters())


def test_a_classifier_of_another_size_does_not_matter(tiny_weights):
    network = fitted({**tiny_weights, "fc.weight": torch.zeros(37, 96), "fc.bias": torch.zeros(37)})
    assert holds(network, tiny_weights)


def test_a_classifier_of_several_layers_in_its_place_does_not_matter(tiny_weights):
    body = {name: value for name, value in tiny_weights.items() if not name.startswith("fc.")}
    network = fitted({**body, "fc.0.weight": torch.zeros(9, 96), "fc.2.weight": torch.zeros(37, 9)})
    assert holds(network, tiny_weights)


def test_the_weights_of_a_bare_body_fit(tiny_weights):
    body = {name: value for name, value in tiny_weights.items() if not name.startswith("fc.")}
    assert holds(fitted(body), tiny_weights)


def test_a_whole_network_takes_the_classifier_too(tiny, tiny_weights):
    network = build_classifier(tiny)
    fit_weights(network, tiny_weights, tiny, backbone_facts(tiny), "a.pth")
    assert torch.equal(network.fc.weight, tiny_weights["fc.weight"])


def test_counters_of_old_batch_norms_may_be_missing(tiny_weights):
    old = {name: value for name, value in tiny_weights.items() if not name.endswith("num_batches_tracked")}
    network = fitted(old)
    assert len(old) < len(tiny_weights)
    assert holds(network, tiny_weights)


def test_half_precision_is_widened(tiny_weights):
    half = {
        name: value.half() if value.is_floating_point() else value for name, value in tiny_weights.items()
    }
    assert fitted(half).conv1[0].weight.dtype == torch.float32


def test_input_weights_are_adapted_as_fastai_does():
    weight = torch.rand(4, 3, 5, 5)
    assert adapt_input_weight(weight, 3) is weight
    assert torch.equal(adapt_input_weight(weight, 1), weight.sum(1, keepdim=True))
    assert torch.equal(adapt_input_weight(weight, 2), weight[:, :2] * 1.5)
    five = adapt_input_weight(weight, 5)
    assert torch.equal(five[:, :3], weight) and torch.equal(five[:, 3:], torch.zeros(4, 2, 5, 5))


@pytest.mark.parametrize("n_in", [1, 2, 4])
def test_the_first_layer_is_adapted_to_the_channels(tiny_weights, n_in):
    first = fitted(tiny_weights, n_in=n_in).conv1[0].weight
    assert torch.equal(first, adapt_input_weight(tiny_weights["conv1.0.weight"], n_in))


@pytest.mark.parametrize("n_in", [1, 2, 5])
def test_a_body_takes_the_weights_of_a_body_with_as_many_channels(tiny_weights, n_in):
    first = torch.rand(tiny_weights["conv1.0.weight"].shape[0], n_in, 3, 3)
    assert torch.equal(fitted({**tiny_weights, "conv1.0.weight": first}, n_in=n_in).conv1[0].weight, first)


#: From timm's names to those of Facebook's ConvNeXt release, which timm converts.
FACEBOOK = (
    (r"^stem\.", "downsample_layers.0."), (r"^stages\.(\d)\.blocks\.(\d)", r"stages.\1.\2"),
    (r"^stages\.(\d)\.downsample\.", r"downsample_layers.\1."), (r"conv_dw", "dwconv"), (r"mlp\.fc", "pwconv"),
    (r"^head\.norm", "norm"), (r"^head\.fc", "head"),
)  # fmt: skip


def facebook_name(name: str) -> str:
    for pattern, replacement in FACEBOOK:
        name = re.sub(pattern, replacement, name)
    return name


def test_weights_with_an_original_releases_names_are_converted_by_timm():
    ours = timm.create_model("test_convnext").state_dict()
    theirs = {facebook_name(name): value for name, value in ours.items()}
    assert "downsample_layers.1.0.weight" in theirs and "norm.weight" in theirs
    state = fitted(theirs, "test_convnext").state_dict()
    assert all(torch.equal(value, ours[name]) for name, value in state.items())


def test_what_timm_would_leave_random_is_not_taken_for_converted(monkeypatch, tiny_weights):
    create = timm.create_model

    def careless(*args: object, **options: object) -> torch.nn.Module:
        return create("test_resnet")

    monkeypatch.setattr(timm, "create_model", careless)
    assert _converted_by_timm(tiny_weights, get_architecture("test_resnet")) is None


def test_missing_weights_are_counted_and_named(tiny_weights, few_candidates):
    cut = {name: value for name, value in tiny_weights.items() if not name.startswith("layer4.0.conv")}
    missing = [name for name in tiny_weights if name not in cut]
    assert message_of(cut) == (
        f"the weights in a.pth do not fit test_resnet: {len(missing)} missing ({', '.join(missing)}). {CHOOSE}"
    )


def test_unknown_weights_and_other_shapes_are_counted_and_named(tiny_weights, few_candidates):
    odd = {
        **tiny_weights,
        **{f"extra{i}": torch.zeros(1) for i in range(5)},
        "layer1.0.bn1.bias": torch.zeros(7),
    }
    assert message_of(odd) == (
        "the weights in a.pth do not fit test_resnet: 5 unknown (extra0, extra1, extra2, …); "
        f"1 of another shape (layer1.0.bn1.bias). {CHOOSE}"
    )


def test_the_architecture_that_the_weights_are_of_is_offered(few_candidates):
    with torch.device("meta"):
        weights = timm.create_model("resnet18", num_classes=5).state_dict()
    message = message_of(weights, "resnet34")
    assert message.startswith("the weights in a.pth do not fit resnet34: 80 missing (layer1.2.conv1.weight, ")
    assert message.endswith("They look like resnet18: pass arch='resnet18'.")


def test_lite_weights_are_refused_by_an_architecture_that_pads_otherwise():
    package = {"_conv_stem.weight": torch.zeros(1), "_blocks.0._depthwise_conv.weight": torch.zeros(1)}
    assert message_of(package, "efficientnet_lite0.ra_in1k") == (
        "the weights in a.pth need TensorFlow's padding, which efficientnet_lite0.ra_in1k does not use. "
        "Pass arch='efficientnet_lite0' (or 1, 2), which does."
    )


def test_a_misfit_is_true_when_there_is_something():
    assert not Misfit([], [], []) and Misfit(["a"], [], [])
    assert str(Misfit(["a"], [], ["b", "c"])) == "1 missing (a); 2 of another shape (b, c)"
