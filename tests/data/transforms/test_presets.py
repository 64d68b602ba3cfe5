from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from gatera.core.errors import ArgumentError, DataError
from gatera.core.random import rng
from gatera.data.transforms.base import BatchStep
from gatera.data.transforms.batch import STREAM, BatchPipeline, FusedTransforms
from gatera.data.transforms.normalize import Normalize
from gatera.data.transforms.presets import (
    Brightness,
    Contrast,
    Dihedral,
    Flip,
    RandomErasing,
    Rotate,
    Warp,
    Zoom,
    aug_transforms,
)
from gatera.data.transforms.torchvision import batch_transforms

KEY = (5, 2)
INDEX = np.array([7, 3, 11])


def photos(n: int = 3, size: int = 24) -> torch.Tensor:
    values = np.random.default_rng(0).integers(0, 256, (n, size, size, 3), dtype=np.uint8)
    return torch.from_numpy(values).permute(0, 3, 1, 2)


def names(transforms) -> list[str]:
    return [type(transform).__name__ for transform in transforms]


def test_the_usual_transforms_are_those_of_the_book():
    tfms = aug_transforms()
    assert names(tfms) == ["Flip", "Warp", "Rotate", "Zoom", "Brightness", "Contrast"]
    assert tfms == [
        Flip(p=0.5), Warp(0.2, 0.75), Rotate(10.0, 0.75), Zoom(1.0, 1.1, 0.75), Brightness(0.2, 0.75), Contrast(0.2, 0.75)
    ]  # fmt: skip


def test_mult_makes_them_stronger():
    tfms = aug_transforms(mult=2)
    assert tfms[1:] == [
        Warp(0.4, 0.75), Rotate(20.0, 0.75), Zoom(1.0, 1.1, 0.75), Brightness(0.4, 0.75), Contrast(0.4, 0.75)
    ]  # fmt: skip


def test_each_can_be_turned_off():
    nothing = aug_transforms(do_flip=False, max_rotate=0, max_zoom=1.0, max_lighting=0, max_warp=0)
    assert nothing == []
    assert names(aug_transforms(flip_vert=True))[0] == "Dihedral"
    assert names(aug_transforms(xtra_tfms=RandomErasing()))[-1] == "RandomErasing"
    assert names(aug_transforms(xtra_tfms=[Dihedral(), RandomErasing()]))[-2:] == [
        "Dihedral",
        "RandomErasing",
    ]


def test_a_size_is_reached_even_when_nothing_else_is_done():
    tfms = aug_transforms(do_flip=False, max_rotate=0, max_zoom=1.0, max_lighting=0, max_warp=0, size=10)
    assert names(tfms) == ["RandomCropResize"]
    assert BatchPipeline(tfms)(photos(), INDEX, KEY).shape == (3, 3, 10, 10)


def test_min_scale_takes_a_random_part():
    tfms = aug_transforms(size=10, min_scale=0.5)
    assert names(tfms)[-1] == "RandomCropResize"
    assert BatchPipeline(tfms).at_prediction == [{"op": "resize", "size": [10, 10], "method": "crop"}]
    assert BatchPipeline(aug_transforms(size=10)).at_prediction == [
        {"op": "resize", "size": [10, 10], "method": "squish"}
    ]
    assert BatchPipeline(aug_transforms()).at_prediction == []


def test_min_scale_needs_a_size():
    with pytest.raises(ArgumentError) as err:
        aug_transforms(min_scale=0.75)
    assert str(err.value) == "min_scale needs size. Got: 0.75. Pass size=224, say."


# -- fusing and drawing


def test_draws_belong_to_seed_epoch_and_item_and_to_nothing_else():
    pipeline, x = BatchPipeline([*aug_transforms(), RandomErasing()]), photos()
    whole = pipeline(x.clone(), INDEX, KEY)
    torch.testing.assert_close(pipeline(x.clone(), INDEX, KEY), whole, atol=0, rtol=0)
    torch.testing.assert_close(pipeline(x[1:].clone(), INDEX[1:], KEY), whole[1:])
    for other in ((6, 2), (5, 3)):
        assert not torch.allclose(pipeline(x.clone(), INDEX, other), whole)


def test_draws_do_not_touch_torchs_generator():
    state = torch.get_rng_state()
    BatchPipeline([*aug_transforms(), RandomErasing(p=1)])(photos(), INDEX, KEY)
    assert torch.equal(torch.get_rng_state(), state)


def test_batch_gives_all_items_the_draw_of_the_first():
    x = photos(1).expand(3, -1, -1, -1)
    out = BatchPipeline(aug_transforms(batch=True))(x, INDEX, KEY)
    torch.testing.assert_close(out, out[:1].expand(3, -1, -1, -1))
    own = BatchPipeline(aug_transforms())(x, INDEX, KEY)
    assert not torch.allclose(own[0], own[1])


def test_a_transform_draws_the_same_alone_and_in_company():
    # Numbers are handed out in order, so that the first transform's do not depend on those after it.
    alone = FusedTransforms((Flip(),), ()).sample(np.arange(50), KEY, 0, (8, 8)).to_input
    both = FusedTransforms((Flip(), Rotate(max_deg=0.0)), ()).sample(np.arange(50), KEY, 0, (8, 8)).to_input
    np.testing.assert_allclose(alone, both)
    expected = [rng(*KEY, i, STREAM).random(2)[0] < 0.5 for i in range(50)]
    assert (alone[:, 0, 0] < 0).tolist() == expected


def test_transforms_act_in_their_order():
    turned = FusedTransforms((Rotate(draw=90, p=1.0), Zoom(draw=2.0, p=1.0, draw_x=0.0, draw_y=0.5)), ())
    m = turned.sample(np.arange(1), KEY, 0, (10, 10)).to_input[0]
    # The photo is turned first, then its left half looked at; what is at the left there was at the top before.
    np.testing.assert_allclose(m @ [-1, 0, 1], [0, -1, 1], atol=1e-12)
    lit = FusedTransforms((), (Brightness(draw=0.7, p=1.0), Contrast(draw=2.0, p=1.0)))
    color = lit.sample(np.arange(1), KEY, 0, (10, 10)).colors[0]
    np.testing.assert_allclose([color[0, 0], color[0, 3]], [2, 2 * np.log(0.7 / 0.3)])


def test_drawing_for_a_batch_takes_little_time():
    fused, index = BatchPipeline(aug_transforms(size=224, min_scale=0.75)).fused, np.arange(64)
    times = []
    for _ in range(10):
        start = time.thread_time()
        fused.sample(index, KEY, 0, (224, 224))
        times.append(time.thread_time() - start)
    assert min(times) < 0.02  # about 1.5 ms of processor time


def test_the_middle_of_photos_stays_where_it_was():
    x = torch.zeros(40, 3, 33, 33, dtype=torch.uint8)
    x[:, :, 14:19, 14:19] = 255
    out = BatchPipeline(aug_transforms(max_zoom=1.0, max_lighting=0, max_warp=0))(x, np.arange(40), KEY)
    assert (out[:, :, 16, 16] > 0.9).all()


def test_at_validation_nothing_is_changed():
    x = photos()
    pipeline = BatchPipeline([*aug_transforms(), RandomErasing(p=1)])
    torch.testing.assert_close(pipeline(x, INDEX, None), x.float() / 255)
    assert pipeline.random
    assert not BatchPipeline().random
    assert BatchPipeline().empty


def test_geometry_must_agree():
    for name, value in (("pad_mode", "zeros"), ("mode", "nearest"), ("align_corners", False)):
        with pytest.raises(ArgumentError) as err:
            BatchPipeline([Flip(), Rotate(**{name: value})])
        given = sorted([str(getattr(Flip(), name)), str(value)])
        assert str(err.value) == (
            f"Geometric transforms are done in one resampling and must agree on {name}. Got: {given}."
        )
    with pytest.raises(ArgumentError) as err:
        BatchPipeline([Flip(size=10), Rotate(size=20), Zoom()])
    assert str(err.value) == (
        "Geometric transforms are done in one resampling and must agree on size. Got: ['10', '20']."
    )


# -- the pipeline around them


def test_what_is_not_a_batch_transform_is_refused():
    with pytest.raises(ArgumentError) as err:
        BatchPipeline([3])
    assert str(err.value) == "batch_tfms holds something that is not a batch transform. Got: 3."


def test_colours_are_normalised_once_and_last():
    x, normalize = photos(), Normalize([0.5] * 3, [0.25] * 3)
    pipeline = BatchPipeline([normalize, Flip(p=1.0)])
    expected = (x.flip(3).float() / 255 - 0.5) / 0.25
    torch.testing.assert_close(pipeline(x, INDEX, KEY), expected, atol=1e-4, rtol=0)
    assert pipeline.normalize is normalize
    with pytest.raises(ArgumentError) as err:
        BatchPipeline([normalize, normalize])
    assert str(err.value) == (
        "Normalize is in batch_tfms twice. Colours are normalised exactly once: remove one."
    )


def test_a_step_that_fails_is_named():
    def broken(x):
        raise RuntimeError("no memory")

    with pytest.raises(DataError) as err:
        BatchPipeline(batch_transforms(broken))(photos(), INDEX, None)
    assert str(err.value) == (
        "Could not apply the batch transform test_a_step_that_fails_is_named.<locals>.broken to a batch of 3 items: "
        "RuntimeError: no memory."
    )


def test_steps_act_after_the_fused_transforms_in_their_order():
    class Add(BatchStep):
        random = False

        def __call__(self, x, index, key):
            return x + 1

    class Double(BatchStep):
        def __call__(self, x, index, key):
            return x * 2

    assert BatchPipeline([Double(), Add(), Flip(p=1)])(photos(), INDEX, KEY).min() >= 1
    out = BatchPipeline([Double(), Add()])(torch.zeros(1, 3, 2, 2, dtype=torch.uint8), INDEX[:1], KEY)
    assert out.unique().tolist() == [1.0]
