from __future__ import annotations

import subprocess
import sys

import pytest
import timm

from gatera.core.errors import ArgumentError
from gatera.models.backbones import architectures
from gatera.models.backbones.architectures import ARCHITECTURES, Architecture, get_architecture

OURS = (
    "efficientnet_lite0, efficientnet_lite1, efficientnet_lite2, efficientnet_lite3, efficientnet_lite4, resnet18, "
    "resnet34, resnet50, resnet101, resnet152, mobilenet_v3_large, convnext_tiny and 1 more, or any name of timm's"
)


def test_each_of_our_names_is_an_object_of_the_module():
    for name, architecture in ARCHITECTURES.items():
        assert getattr(architectures, name) is architecture
        assert str(architecture) == architecture.name == name


def test_timm_has_weights_of_the_tag_that_we_name():
    for architecture in ARCHITECTURES.values():
        assert timm.models.get_pretrained_cfg(architecture.timm_name).has_weights, architecture


def test_our_efficientnet_lites_pad_as_tensorflow_does():
    lites = [architecture for name, architecture in ARCHITECTURES.items() if "lite" in name]
    assert len(lites) == 5 and all(architecture.timm_name.startswith("tf_") for architecture in lites)


def test_an_architecture_is_found_by_name_object_and_function_name():
    def resnet34() -> None:
        """Stand in for torchvision's function."""

    for arch in ("resnet34", architectures.resnet34, resnet34):
        assert get_architecture(arch) is architectures.resnet34


def test_any_timm_name_is_an_architecture_whose_tag_is_written_out():
    assert get_architecture("resnet34d") == Architecture("resnet34d", "resnet34d.ra2_in1k")
    assert get_architecture("resnet34.a2_in1k") == Architecture("resnet34.a2_in1k", "resnet34.a2_in1k")
    assert get_architecture("efficientnet_lite0.ra_in1k").timm_name == "efficientnet_lite0.ra_in1k"


def test_a_timm_name_without_weights_stays_as_it_is():
    assert get_architecture("resnet200").timm_name == "resnet200"


def test_our_own_names_do_not_cost_the_import_of_timm():
    code = "import sys; from gatera.models.backbones.architectures import *; get_architecture('resnet34'); print('timm' in sys.modules)"
    code = code.replace("import *", "import get_architecture")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("resnet43", "Did you mean 'resnet34'?"),
        ("Resnet-34", "Did you mean 'resnet34'?"),
        ("mobilenet_v2", "Did you mean 'mobilenet_v3_large' or 'mobileone_s2'?"),
        ("xyzzy", "timm.list_models() lists all names."),
    ],
)
def test_an_unknown_name_is_refused_and_the_nearest_of_ours_and_timms_offered(name, remedy):
    with pytest.raises(ArgumentError) as err:
        get_architecture(name)
    assert str(err.value) == f"arch is unknown. Got: '{name}'. Expected: {OURS}. {remedy}"


def test_an_unknown_tag_is_refused_and_the_known_ones_listed():
    with pytest.raises(ArgumentError) as err:
        get_architecture("resnet26.bogus")
    assert str(err.value) == (
        "architecture resnet26 has no weights with that tag. Got: 'resnet26.bogus'. "
        "Available: resnet26, resnet26.bt_in1k."
    )


def test_what_is_no_architecture_is_refused():
    with pytest.raises(ArgumentError) as err:
        get_architecture(34)
    assert str(err.value) == (
        "arch is not an architecture. Got: 34. Expected: a name, one of gatera's architecture objects, or a "
        "function of that name. For a model of your own use Learner(dls, model)."
    )


def test_a_name_that_timm_has_given_up_is_that_of_today():
    assert get_architecture("vit_base_patch16_224_dino").name == "vit_base_patch16_224.dino"
