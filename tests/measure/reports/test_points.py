from __future__ import annotations

import numpy as np
import pytest

from gatera.measure.reports.points import PointReport, distances_from_mean


def test_distances_beside_those_from_the_mean_place():
    draw = np.random.default_rng(0)
    sizes = draw.uniform(50, 100, (40, 2))
    actual = draw.uniform(0, 1, (40, 3, 2)) * sizes[:, None]
    found = actual + draw.normal(size=actual.shape)
    place = [actual[:, k] / sizes for k in range(3)]  # the same by other means: point by point
    far = [np.linalg.norm((each.mean(axis=0) - each) * sizes, axis=1).mean() for each in place]
    baseline = float(np.mean(distances_from_mean(list(actual), [tuple(size) for size in sizes])))
    assert baseline == pytest.approx(np.mean(far))
    report = PointReport.from_points(zip(found, actual, sizes[:, 0], strict=True), baseline)
    assert report.distance == pytest.approx(np.sqrt(((found - actual) ** 2).sum(axis=2)).mean())
    assert report.lines()[1].startswith(
        "Always answering the mean place of these photos would be "
    ) and report.lines()[1].endswith(" pixels off.")
    assert report.to_dict()["baseline"] == {"distance": baseline, "beaten": True}
    poor = PointReport.from_points(zip(actual + 60, actual, sizes[:, 0], strict=True), baseline)
    assert poor.lines()[1].endswith("The model is clearly worse.")


def test_thousands_of_pixels_are_written_out():
    report = PointReport.from_points([([[0, off]], [[0, 0]], 9000) for off in (1200, 4321, 3999)])
    assert report.lines()[0].startswith("Points are 3,170 pixels off") and "e+" not in "".join(report.lines())
    assert report.lines()[1] == "The worst photo is 4,320 pixels off."


def test_photos_with_different_numbers_of_points_have_no_mean_place():
    assert distances_from_mean([[[0, 5]], [[1, 2], [3, 4]]], [(9, 9), (9, 9)]) is None


@pytest.mark.parametrize(("n", "said"), [(4, "The model is not clearly better."), (5, "")])
def test_fewer_photos_than_an_interval_needs_claim_nothing(n, said):
    assert PointReport.from_points([([[3.0, 4.0]], [[0.0, 0.0]], 100)] * n, 50.0).verdict == said
