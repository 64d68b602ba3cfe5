from __future__ import annotations


def test_the_picture_has_this_learners_own_names_and_sizes(photo_learner):
    found = photo_learner.picture()
    assert list(found.parts) == [
        "inputs",
        "architecture",
        "parameters",
        "predictions",
        "labels",
        "loss",
        "update",
    ]
    said = repr(found)
    for words in (
        "12 training items",
        "float32 [6, 3, 32, 32]",
        "626 numbers",
        "cat, dog",
        "CrossEntropyLossFlat",
        "valid_loss",
    ):
        assert words in said, said
    assert "Adam" in found.parts["update"][0] and "softmax" in found.parts["predictions"][1]
    drawn = [text.get_text() for text in found.plot().axes[0].texts]
    assert any("626 numbers" in text for text in drawn)


def test_one_is_not_many(photo_learner, monkeypatch):
    for epochs, trained in ((0, "0 epochs trained"), (1, "1 epoch trained"), (6, "6 epochs trained")):
        monkeypatch.setattr(photo_learner, "epochs_done", epochs)
        assert photo_learner.picture().parts["parameters"] == ["626 numbers", "1 group, 0 frozen", trained]
    assert "626 parameters in 1 group (0 frozen)" in repr(photo_learner)
