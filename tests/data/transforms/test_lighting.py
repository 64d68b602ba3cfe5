from __future__ import annotations

import math

import numpy as np
import pytest

from gatera.core.errors import ArgumentError
from gatera.data.transforms.lighting import Brightness, Contrast, Hue, Saturation

ALL = (Brightness, Contrast, Saturation, Hue)


def uniforms(n: int) -> np.ndarray:
    return np.random.default_rng(0).random((n, 2))


def apply(transform, *rgb: float) -> np.ndarray:
    """Change one color, 0..1, by its logits."""
    logits = np.log(np.array(rgb) / (1 - np.array(rgb)))
    changed = transform.colors(np.full((1, 2), 0.5))[0] @ [*logits, 1]
    return 1 / (1 + np.exp(-changed[:3]))


def test_brightness_is_what_mid_grey_becomes():
    np.testing.assert_allclose(apply(Brightness(draw=0.7, p=1.0), 0.5, 0.5, 0.5), 0.7)


def test_brightness_stays_within_its_range():
    shift = Brightness(max_lighting=0.2, p=1.0).colors(uniforms(2000))[:, 0, 3]
    greys = 1 / (1 + np.exp(-shift))
    assert (greys.min(), greys.max()) == (pytest.approx(0.4, abs=0.001), pytest.approx(0.6, abs=0.001))


def test_contrast_leaves_mid_grey_alone_and_spreads_the_rest():
    assert apply(Contrast(draw=2.0, p=1.0), 0.5, 0.5, 0.5) == pytest.approx(0.5)
    dark, _, light = apply(Contrast(draw=2.0, p=1.0), 0.2, 0.5, 0.8)
    assert dark == pytest.approx(0.04 / 0.68)
    assert dark + light == pytest.approx(1.0)


def test_contrast_is_as_often_stronger_as_weaker():
    factors = Contrast(max_lighting=0.2, p=1.0).colors(uniforms(2000))[:, 0, 0]
    assert (factors.min(), factors.max()) == (pytest.approx(0.8, abs=0.001), pytest.approx(1.25, abs=0.001))
    assert np.log(factors).mean() == pytest.approx(0, abs=0.01)


def test_no_saturation_is_grey():
    grey = apply(Saturation(draw=1e-9, p=1.0), 0.2, 0.5, 0.9)
    np.testing.assert_allclose(grey, grey[0])


def test_saturation_and_hue_leave_greys_alone():
    for transform in (Saturation(draw=3.0, p=1.0), Hue(draw=0.3, p=1.0)):
        np.testing.assert_allclose(apply(transform, 0.3, 0.3, 0.3), 0.3)


def test_a_third_of_a_turn_makes_red_green():
    np.testing.assert_allclose(apply(Hue(draw=1 / 3, p=1.0), 0.9, 0.2, 0.3), [0.3, 0.9, 0.2])


def test_hue_stays_within_its_range():
    m = Hue(max_hue=0.1, p=1.0).colors(uniforms(2000))
    turns = np.arccos((np.trace(m[:, :3, :3], axis1=1, axis2=2) - 1) / 2) / (2 * math.pi)
    assert turns.max() == pytest.approx(0.1, abs=0.001)


@pytest.mark.parametrize("kind", ALL)
def test_what_is_not_drawn_is_left_alone(kind):
    np.testing.assert_allclose(kind(p=0.0).colors(uniforms(3)), [np.eye(4)] * 3, atol=1e-12)


@pytest.mark.parametrize("kind", ALL)
def test_values_out_of_range_are_refused(kind):
    with pytest.raises(ArgumentError):
        kind(p=1.5)
    with pytest.raises(ArgumentError):
        kind(1.5)
