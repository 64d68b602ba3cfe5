"""Programs that also give embeddings."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gatera.core.errors import ExportError
from gatera.learn.certainty.tap import WithFeatures
from gatera.learn.export.program import ExportOptions
from gatera.program.package import read_package
from gatera.program.program import load_program

pytestmark = pytest.mark.slow


@pytest.fixture
def learn(make_learner):
    learn = make_learner()
    learn.fit_one_cycle(1, 0.05)
    return learn


@pytest.mark.whole
def test_embeddings_are_the_features_of_the_network(learn, photo_folder, tmp_path):
    plain = learn.export(tmp_path / "plain.gatera")
    path = learn.export(tmp_path / "a.gatera", embeddings=True)
    photos = sorted(photo_folder.rglob("*.jpg"))[:5]
    program = load_program(path, engine="onnxruntime")
    found = program.embed_batch(photos, batch_size=2)
    batch = torch.stack([torch.from_numpy(np.array(program.preprocess(photo))) for photo in photos])
    x = batch.permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        expected = WithFeatures(learn.model.eval(), outputs=False)(x).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert read_package(path).program["embedding"] == {"tensor": "item_embedding", "width": expected.shape[1]}
    # everything else is as without
    for one, other in zip(
        load_program(plain).predict_batch(photos), program.predict_batch(photos), strict=True
    ):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-6)
        assert one.novelty == pytest.approx(other.novelty, abs=1e-3) if program.certainty.novelty else True
    assert path.stat().st_size < plain.stat().st_size + 2000


def test_a_model_without_features_is_refused_before_anything_is_written(learn, tmp_path, monkeypatch):
    monkeypatch.setattr("gatera.learn.export.program.find_tap", lambda model: None)
    with pytest.raises(ExportError, match=r"has no features.*export without embeddings"):
        learn.export(tmp_path / "a.gatera", options=ExportOptions(embeddings=True, certainty=False))
    assert list(tmp_path.glob("*.gatera")) == []
