from __future__ import annotations

import pytest


@pytest.mark.whole
def test_the_example_of_sound_runs(load_example, tmp_path, capfd):
    found = load_example("sound").main(out=tmp_path, quick=True)
    assert set(found) == {"random", "speakers"}
    said = capfd.readouterr().out
    assert "A speaker held out" in said
    assert "PyTorch never imported" in said
    assert {file.name for file in tmp_path.iterdir()} == {"batch.png", "digits.gatera", "results.png"}
