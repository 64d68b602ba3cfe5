from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from gatera.learn.certainty.fit import TENSOR
from gatera.learn.certainty.rows import RowProjection
from gatera.learn.export.onnx import to_onnx
from gatera.learn.export.trees import _add_features
from gatera.program.certain.novelty import Novelty, distances
from gatera.program.certain.shift import judge_batch
from gatera.program.engines import make_engine

STEPS = [
    {"op": "read_row", "categories": [{"name": "job", "labels": ["cook", "nurse", "pilot"]}], "numbers": []}
]


def rows(seed: int, n: int) -> np.ndarray:
    """A code (1 common, 2 rarer, 3 never), and two numbers that go together."""
    rng = np.random.default_rng(seed)
    number = rng.normal(size=n)
    code = rng.choice([1, 2], n, p=[0.8, 0.2])
    return np.stack([code, number, number + rng.normal(0, 0.1, n)], 1).astype(np.float32)


def test_rare_categories_unusual_numbers_and_unusual_pairs_are_odd():
    fitted = RowProjection.fitted(rows(0, 300), STEPS)
    reference = fitted(rows(0, 300))
    usual = np.quantile(distances(fitted(rows(1, 200)), reference), 0.99)
    odd = np.array([[3, 0, 0], [0, 0, 0], [1, 9, 9], [1, 1, -1]], np.float32)
    assert (distances(fitted(odd), reference) > usual).all()
    assert fitted.rarity[0][3] == fitted.rarity[0][0] == max(fitted.rarity[0])


def test_only_rows_are_compared_so_and_not_if_all_are_the_same():
    assert RowProjection.fitted(rows(0, 50), [{"op": "read_pair"}]) is None
    assert RowProjection.fitted(np.ones((50, 3), np.float32), STEPS) is None


def dated(seed: int, n: int, since: int) -> np.ndarray:
    """A code, the year and the days of a date, and a number."""
    rng = np.random.default_rng(seed)
    days = since + rng.uniform(0, 700, n)
    return np.stack([rng.choice([1, 2], n), days // 365, days, rng.normal(size=n)], 1).astype(np.float32)


DATES = [{"name": "sold_Year", "date": "sold", "part": "Year"}, {"name": "sold_Elapsed", "date": "sold", "part": "Elapsed"}]  # fmt: skip


def test_rows_of_later_days_are_odd_only_by_what_else_is_in_them():
    """Each row of the next month was novel, so that sure= left half of them unanswered, and each batch had drifted."""
    fitted = RowProjection.fitted(dated(0, 300, 0), [{**STEPS[0], "numbers": [*DATES, {"name": "x"}]}])
    seen, later = fitted(dated(0, 300, 0)), dated(1, 200, 760)
    novelty = Novelty(seen, fitted(dated(2, 200, 0)), np.sort(distances(fitted(dated(2, 200, 0)), seen)))
    assert not judge_batch(fitted(later), novelty, None, None, 100, None).drifted
    assert np.mean([novelty.of(row) > novelty.alarm for row in fitted(later)]) < 0.05
    later[:, 3] += 9
    assert judge_batch(fitted(later), novelty, None, None, 100, None).drifted
    only_dates = {"op": "read_row", "categories": [], "numbers": DATES}
    assert RowProjection.fitted(dated(0, 300, 0)[:, 1:3], [only_dates]) is None


@pytest.mark.parametrize("as_category", [True, False])
def test_rows_of_a_later_year_are_odd_only_by_what_else_is_in_them(as_category):
    """A year written as a number: each row of the next one was novel, so that sure= answered none of them."""
    years = [2015, 2016, 2017, 2018, 2019]
    year = {"name": "year", "labels": years} if as_category else {"name": "year", "mean": 2017, "std": 1.5, "fill": 2017.5}  # fmt: skip
    job = {"name": "job", "labels": ["cook", "nurse"]}
    steps = [{"op": "read_row", "categories": [job, year] if as_category else [job], "numbers": [{"name": "x"}] if as_category else [year, {"name": "x"}]}]  # fmt: skip

    def sold(seed: int, n: int, later: bool = False) -> np.ndarray:
        rng = np.random.default_rng(seed)
        code = (
            rng.integers(1, 6, n) * (not later) if as_category else (rng.integers(-2, 3, n) + 9 * later) / 1.5
        )
        return np.stack([rng.choice([1, 2], n), code, rng.normal(size=n)], 1).astype(np.float32)

    fitted = RowProjection.fitted(sold(0, 300), steps)
    seen, held_out, later = fitted(sold(0, 300)), fitted(sold(2, 200)), sold(1, 200, later=True)
    novelty = Novelty(seen, held_out, np.sort(distances(held_out, seen)))
    assert not judge_batch(fitted(later), novelty, None, None, 100, None).drifted
    assert np.mean([novelty.of(row) > novelty.alarm for row in fitted(later)]) < 0.05
    later[:, 2] += 9
    assert judge_batch(fitted(later), novelty, None, None, 100, None).drifted


@pytest.mark.parametrize("fill", [2020.0, 2019.5, 0.0])
def test_two_years_are_years_also_where_empty_cells_are_filled_with_one(fill):
    numbers = [{"name": "x"}, {"name": "year", "mean": 2019.5, "std": 0.5, "fill": fill}]
    rows = np.array([[place % 7, place % 2 * 2 - 1] for place in range(40)], np.float32)
    rows[:9, 1] = (fill - 2019.5) / 0.5  # of empty cells
    fitted = RowProjection.fitted(rows, [{"op": "read_row", "categories": [], "numbers": numbers}])
    assert fitted.numbers == [0]


@pytest.mark.slow
def test_features_are_added_to_a_graph_that_was_made_by_hand():
    batch = rows(1, 5)
    fitted = RowProjection.fitted(rows(0, 300), STEPS)
    graph = helper.make_graph(
        [helper.make_node("Identity", ["input"], ["output"])], "made",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", 3])],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    _add_features(model.graph, onnx.load_from_string(to_onnx(fitted.module(), batch)).graph)
    onnx.checker.check_model(model)
    output, features = make_engine(model.SerializeToString(), features=TENSOR).run_with_features(batch)
    assert np.array_equal(output, batch) and features == pytest.approx(fitted(batch), abs=1e-5)
