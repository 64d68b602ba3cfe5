from __future__ import annotations

import pytest


@pytest.mark.slow
def test_the_photocells_learn(load_example, tmp_path, capsys):
    errors = load_example("history/mark1_perceptron").main(tmp_path, quick=True)
    assert errors["before"] == 0.5 and errors["after"] < 0.3
    assert (tmp_path / "mark1_perceptron.png").stat().st_size > 10_000
    assert "on 500 new pictures" in capsys.readouterr().out


@pytest.mark.slow
def test_one_layer_never_gets_all_four_and_two_do(load_example, tmp_path):
    found = load_example("history/xor").main(tmp_path, quick=True)
    assert found["one_layer_at_best"] >= 1 and found["two_layers"] == 0
    assert found["losses"][-1] < 0.05 < found["losses"][0]
    assert (tmp_path / "xor.png").exists()


@pytest.mark.whole
def test_wider_is_nearer(load_example, tmp_path):
    errors = load_example("history/universal_approximation").main(tmp_path, quick=True)
    assert list(errors) == [1, 8, 64] and errors[1] > 2 * errors[8] > 2 * errors[64]
    assert (tmp_path / "universal_approximation.png").exists()


@pytest.mark.whole
def test_the_eight_parts_are_read_off(load_example, tmp_path):
    found = load_example("history/pdp").main(tmp_path, quick=True)
    assert found["accuracy"] > 0.5 and found["off"] < 1e-6
    assert (tmp_path / "pdp.png").exists()
