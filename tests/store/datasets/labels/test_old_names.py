"""A label that one side renamed and the other still gives is named after the merge."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("most", [100, 2])
def test_a_renamed_label_that_comes_back_is_said(data, monkeypatch, most):
    monkeypatch.setattr("gatera.store.datasets.work.workspace.MOST_IN_ONE", most)
    (data.root / "cat/4.jpg").write_bytes(b"cat 4")
    data.add(label="cat")
    data.commit("One more")
    data.checkout("ben", new_branch=True)
    (data.root / "cat/5.jpg").write_bytes(b"cat 5")
    data.add(label="cat")
    data.label("fox", "dog/1.jpg")
    data.commit("Another cat, a fox")
    data.checkout("main")
    data.rename_label("cat", "large cat")
    data.commit("A clearer name")
    data.said.clear()
    data.merge("ben")
    assert data.said == [
        "The label 'cat' became 'large cat' on one side, and 1 item of the other has it still, so there are both now. "
        "If they are one: gatera data label --rename 'cat=large cat'"
    ]
    data.said.clear()
    data.checkout("ben")
    data.label("dog", "cat/1.jpg")  # one cat of several: nothing was renamed
    data.label("dog", "dog/1.jpg")
    data.commit("No fox")
    data.merge("main", rule="mine")
    assert not any("became" in note and "'fox'" in note for note in data.said)
