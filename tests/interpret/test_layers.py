"""What a layer gives, in networks that rectify in place, use a module twice, or have parts that do not run."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gatera.core.errors import ArgumentError, DataError
from gatera.core.progress import notes_about
from gatera.interpret.attributions.photos import photo_attribution
from gatera.interpret.knowledge.ablation import keeps_shape
from gatera.interpret.layers import last_map, output_at, outputs_at, short_name, stages
from gatera.interpret.occlusion_of_photos import Squares, occluded
from gatera.interpret.subject import Subject
from gatera.interpret.units.deconvnet import projected
from gatera.models.vision.body import Body

captum = pytest.importorskip("captum.attr")


class Net(nn.Module):
    """Two convolutions whose rectifiers may work in place or be one module; one part never runs."""

    def __init__(self, inplace: bool = False, shared: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv1, self.relu1 = nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(inplace)
        self.pool, self.conv2 = nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1)
        self.relu2 = self.relu1 if shared else nn.ReLU(inplace)
        self.gap, self.flat, self.head, self.auxiliary = (
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, 2),
            nn.Linear(8, 2),
        )

    def forward(self, x):
        x = self.pool(self.relu1(self.conv1(x)))
        return self.head(self.flat(self.gap(self.relu2(self.conv2(x)))))


def subject_of(model: nn.Module) -> Subject:
    model.eval()
    return Subject(
        model, lambda item: item, lambda x: np.zeros((*x.shape[2:], 3), np.uint8), lambda x: x.softmax(1), ["yes", "no"],
        "classification",
    )  # fmt: skip


@pytest.fixture(scope="module")
def photo() -> torch.Tensor:
    return torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def explained(model: nn.Module, photo: torch.Tensor, method: str, **options) -> np.ndarray:
    return photo_attribution(subject_of(model), photo, method, "yes", squares=Squares(8, 4), **options).heat


# -- in place, twice, never -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changed", [{"inplace": True}, {"shared": True}])
@pytest.mark.parametrize("layer", ["conv1", "conv2", "relu1"])
def test_rectifiers_in_place_and_used_twice_change_nothing_that_is_shown(photo, changed, layer):
    plain, other = Net(), Net(**changed)
    expected, found = (
        occluded(subject_of(model), photo, "yes", Squares(8, 4), layer) for model in (plain, other)
    )
    np.testing.assert_allclose(found.strongest, expected.strongest, atol=1e-4)
    np.testing.assert_allclose(
        explained(other, photo, "gradcam", layer=layer),
        explained(plain, photo, "gradcam", layer=layer),
        atol=1e-6,
    )
    (_, [one]), (_, [two]) = (outputs_at(model, [getattr(model, layer)], photo) for model in (plain, other))
    torch.testing.assert_close(one, two)
    torch.testing.assert_close(output_at(other, getattr(other, layer), photo), two)


def test_a_layer_that_runs_twice_is_said_and_stays_where_stages_are_removed(photo, capsys):
    model = Net(shared=True)
    explained(model, photo, "gradcam", layer="relu1")
    assert "The layer relu1 runs 2 times: what it gives the first time is shown." in capsys.readouterr().err
    assert keeps_shape(model, [model.relu1], photo) == [False]
    plain = Net()
    assert keeps_shape(plain, [plain.relu1], photo) == [True]


@pytest.mark.parametrize("how", ["gradcam", "occlusion"])
def test_a_layer_that_never_runs_is_refused(photo, how):
    with pytest.raises(ArgumentError, match="the layer auxiliary does not run when the model predicts"):
        explained(Net(), photo, how, layer="auxiliary")


def test_the_default_is_the_last_layer_with_maps_also_before_pooling():
    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Net()

        def forward(self, x):
            return self.inner(x)

    model = Net()
    assert last_map(model, torch.rand(1, 3, 16, 16)) is model.relu2
    wrapped = Wrapped()
    assert last_map(wrapped, torch.rand(1, 3, 16, 16)) is wrapped.inner.relu2
    pooled = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d((1, 4)), nn.Flatten(), nn.Linear(16, 2)
    )
    assert last_map(pooled, torch.rand(1, 3, 16, 16)) is pooled[1]
    assert [stage.name for stage in stages(wrapped)][:2] == ["inner.conv1", "inner.conv2"]


# -- no maps, no tensor, no number ----------------------------------------------------------------------------------------


def test_a_network_without_maps_is_explained_by_what_needs_none(photo):
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 2))
    found = occluded(subject_of(model), photo, "yes", Squares(8, 8))
    assert found.strongest is None and found.layer is None and len(found.plot().axes) == 4
    hidden = photo.clone()
    hidden[:, :, 8:, :8] = 0.5
    with torch.no_grad():
        expected = model(hidden).softmax(1)[0, 0]
    assert found.probability[1, 0] == pytest.approx(float(expected), abs=1e-5)
    with pytest.raises(ArgumentError, match=r'no layer with maps .*method="integrated_gradients"'):
        explained(model, photo, "gradcam")
    with pytest.raises(
        ArgumentError, match=r"the layer 1 gives no maps, which Grad-CAM needs. Got: \[1, 2\]"
    ):
        explained(model, photo, "gradcam", layer="1")


@pytest.mark.parametrize("method", ["gradcam", "integrated_gradients", "occlusion"])
def test_what_cannot_be_explained_is_said(photo, method):
    class Pair(Net):
        def forward(self, x):
            return super().forward(x), x

    with pytest.raises(ArgumentError, match=r"needs a model that returns one tensor. Got: 'tuple'"):
        explained(Pair(), photo, method)
    broken = Net()
    broken.head.weight.data.fill_(float("nan"))
    with pytest.raises(DataError, match="answer to this item is not a finite number"):
        explained(broken, photo, method)


@pytest.mark.parametrize("method", ["gradcam", "integrated_gradients", "occlusion"])
def test_a_flat_map_is_finite_and_said(photo, method, capsys):
    model = Net()
    model.head.weight.data.zero_()
    assert not explained(model, photo, method).any()
    assert "The map is flat" in capsys.readouterr().err
    with notes_about("cat/3.jpg"):
        explained(model, photo, method)
    assert capsys.readouterr().err.startswith("cat/3.jpg: The map is flat")


# -- captum as an oracle --------------------------------------------------------------------------------------------------


def test_gradcam_is_captums(photo):
    model = Net().eval()
    found = captum.LayerGradCam(model, model.relu2).attribute(photo, target=0, relu_attributions=False)
    expected = captum.LayerAttribution.interpolate(found, (16, 16), "bilinear")[0, 0]
    np.testing.assert_allclose(explained(model, photo, "gradcam"), expected.detach().numpy(), atol=1e-6)


def test_integrated_gradients_are_captums(photo):
    model = Net().eval()
    found = captum.IntegratedGradients(model).attribute(
        photo, torch.full_like(photo, 0.5), target=0, n_steps=50
    )
    expected = found.sum(1)[0].detach().numpy()  # 16 pixels are too few to be smoothed
    np.testing.assert_allclose(explained(model, photo, "integrated_gradients"), expected, atol=1e-5)


@pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU")
@pytest.mark.parametrize(("rule", "name"), [("deconvnet", "Deconvolution"), ("guided", "GuidedBackprop")])
def test_the_ways_back_are_captums(photo, rule, name):
    """captum starts from a 1 at the unit, we from its activation."""
    model = nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 4, 3), nn.ReLU()
    ).eval()
    with torch.no_grad():
        model[3].bias += 1
    expected = getattr(captum, name)(model).attribute(photo.clone().requires_grad_(), target=(2, 1, 3))
    with torch.no_grad():
        expected = expected * model(photo)[0, 2, 1, 3]
    found = projected(model, model[4], photo, torch.tensor([2]), torch.tensor([[1, 3]]), rule)
    torch.testing.assert_close(found, expected.detach())


# -- sounds and masks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["gradcam", "integrated_gradients", "occlusion"])
def test_a_spectrogram_of_one_channel_has_a_map(method):
    """The model hears only the lower half of the frequencies."""

    class Low(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 1)
            self.conv.weight.data.fill_(1)
            self.conv.bias.data.zero_()

        def forward(self, x):
            loud = self.conv(x)[:, :, 8:].square().mean((1, 2, 3))
            return torch.stack([loud, -loud], dim=1)

    sound = torch.ones(1, 1, 16, 16)
    sound[:, :, :8] = 0
    heat = explained(Low(), sound, method)
    assert heat[8:].mean() > 3 * abs(heat[:8].mean()) and heat.shape == (16, 16)


def test_a_mask_is_explained_where_its_class_is_predicted(photo):
    """Class "yes" is predicted on the left half; the map is that of captum for the mean of these pixels' scores."""

    class Mask(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.conv, self.out = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 1, 1)

        def forward(self, x):
            yes = self.out(torch.relu(self.conv(x)))
            side = torch.where(torch.arange(x.shape[3]) < 8, 50.0, -50.0)
            return torch.cat([yes + side, torch.zeros_like(yes)], dim=1)

    model = Mask()
    found = captum.IntegratedGradients(lambda x: model(x)[:, 0, :, :8].mean((1, 2))).attribute(
        photo, torch.full_like(photo, 0.5), n_steps=50
    )
    expected = found.sum(1)[0].detach().numpy()
    np.testing.assert_allclose(explained(model, photo, "integrated_gradients"), expected, atol=1e-5)
    assert np.abs(expected[:, 10:]).max() == 0  # it looks no further than its own pixels and their neighbours


def test_layers_of_a_body_and_a_head_are_called_by_their_part():
    body = Body.__new__(Body)
    nn.Module.__init__(body)
    body.normalization = nn.Identity()
    model = nn.Sequential(body, nn.Sequential(nn.Flatten(), nn.Linear(4, 2)))
    assert short_name(model, "1.1") == "head.1" and short_name(model, "1") == "head"
    assert short_name(model, "0") == "body" and short_name(model, "0.normalization") == "normalization"
    assert short_name(model, "0.backbone.blocks.3") == "blocks.3"
    assert short_name(nn.Sequential(nn.ReLU(), body), "1.normalization") == "1.normalization"
