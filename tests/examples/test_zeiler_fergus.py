from __future__ import annotations

import pytest
import torch


@pytest.mark.whole
def test_what_the_paper_showed_is_drawn(load_example, tmp_path):
    found = load_example("zeiler_fergus").main(out=tmp_path, quick=True)
    assert {file.name for file in tmp_path.iterdir()} == {
        "units-conv_stem.png", "units-blocks.2.png", "units-blocks.5.png", "units-zfnet-pool2.png", "occlusion.png", "layers.png",
        "without.png", "parts.png", "transfer.png", "filters.png", "evolution.png",
    }  # fmt: skip
    assert found["probes"]["conv_head"] > found["probes"]["input"]
    assert found["transfer"]["pretrained"][-1] < found["transfer"]["from scratch"][-1]
    assert found["aliased"]["alexnet"] > found["aliased"]["zfnet"]


@pytest.mark.slow
def test_aliasing_is_what_lies_beyond_the_strides_own_frequencies(load_example):
    aliased = load_example("zeiler_fergus").aliased
    places = torch.arange(11.0)
    slow, fast = (torch.cos(2 * torch.pi * f * places).expand(1, 1, 11, 11) for f in (0.06, 0.3))
    assert aliased(slow, stride=4) < 0.2 < 0.8 < aliased(fast, stride=4) and aliased(fast, stride=1) == 0
