"""Every kind of program runs on every engine that is installed, and gives the same answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gatera.audio.block import AudioBlock
from gatera.collab.data import CollabDataLoaders
from gatera.collab.learner import collab_learner
from gatera.data.blocks.category import CategoryBlock, MultiCategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.points import PointBlock
from gatera.data.datablock import DataBlock
from gatera.data.transforms.item import Resize
from gatera.learn.export.program import has_features
from gatera.learn.learner import Learner
from gatera.models.text.awd_lstm import AWD_LSTM, AwdLstmConfig
from gatera.models.text.model import TransformerConfig
from gatera.models.text.transformer import EncoderSizes
from gatera.models.weights.text import MiniLM
from gatera.program.engines import ENGINES
from gatera.program.program import load_program
from gatera.samples import sample_path
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.learner import tabular_learner
from gatera.text.data import TextDataLoaders
from gatera.text.learner import text_classifier_learner
from gatera.vision.learner import vision_learner
from gatera.vision.segmentation import SegmentationDataLoaders
from gatera.vision.unet import unet_learner

pytestmark = pytest.mark.slow

#: An untrained learner, and inputs for its program.
Kind = tuple[Learner, list[Any]]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder, draw = tmp_path_factory.mktemp("noise"), np.random.default_rng(0)
    for number in range(12):
        pixels = draw.integers(0, 256, (40, 48, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    return sorted(folder.iterdir())


def photo_learner(photos: list[Path], path: Path, block: Any, label: Callable[[Path], Any]) -> Kind:
    dls = DataBlock(
        (ImageBlock, block),
        get_y=label,
        splitter=lambda items: (range(8), range(8, 12)),
        item_tfms=Resize(32),
    ).dataloaders(photos, bs=4, seed=1, device="cpu")
    return vision_learner(dls, "efficientnet_lite0", pretrained=False, path=path), photos[:3]


def one_label(photos: list[Path], path: Path) -> Kind:
    return photo_learner(photos, path, CategoryBlock, lambda photo: int(photo.stem) % 3)


def several_labels(photos: list[Path], path: Path) -> Kind:
    return photo_learner(
        photos, path, MultiCategoryBlock, lambda photo: [["a"], ["b"], ["a", "b"]][int(photo.stem) % 3]
    )


def points(photos: list[Path], path: Path) -> Kind:
    return photo_learner(photos, path, PointBlock, lambda photo: [(int(photo.stem), 7)])


def masks(photos: list[Path], path: Path) -> Kind:
    dls = SegmentationDataLoaders.from_label_func(
        path, photos, lambda photo: np.array(Image.open(photo))[..., 0] // 128, seed=1, codes=["a", "b"], bs=4,
        item_tfms=Resize(32, "squish"), device="cpu",
    )  # fmt: skip
    return unet_learner(dls, "resnet18", pretrained=False, path=path), photos[:3]


def sounds(photos: list[Path], path: Path) -> Kind:
    files = sorted((sample_path("spoken_digits_tiny") / "recordings").glob("*.wav"))[::5][:12]
    dls = DataBlock(
        (AudioBlock(size=64), CategoryBlock), get_y=lambda file: int(file.name[0]) % 2
    ).dataloaders(files, bs=4, seed=1, device="cpu", cache=False)
    return vision_learner(dls, "efficientnet_lite0", pretrained=False, path=path), files[:3]


def rows(photos: list[Path], path: Path) -> Kind:
    table = pd.DataFrame({"job": list("abcabcabcabc"), "age": np.arange(12.0), "rich": list("yn" * 6)})
    dls = TabularDataLoaders.from_df(
        table, y_names="rich", cat_names=["job"], cont_names=["age"], bs=4, seed=1, device="cpu"
    )
    return tabular_learner(dls, path=path), table.head(3).to_dict("records")


def ratings(use_nn: bool) -> Callable[[list[Path], Path], Kind]:
    def make(photos: list[Path], path: Path) -> Kind:
        pairs = [(user, film) for user in range(6) for film in "abcd"]
        table = pd.DataFrame(pairs, columns=["user", "film"]).assign(rating=np.arange(24) % 5 + 1.0)
        learn = collab_learner(
            CollabDataLoaders.from_df(table, bs=8, seed=1, device="cpu"), y_range=(0.5, 5.5), use_nn=use_nn,
            n_factors=4, path=path,
        )  # fmt: skip
        return learn, table.head(3).to_dict("records")

    return make


def texts(arch: Any, config: Any) -> Callable[[list[Path], Path], Kind]:
    def make(photos: list[Path], path: Path) -> Kind:
        table = pd.DataFrame(
            {"text": ["a good film", "a bad film, really"] * 8, "label": ["good", "bad"] * 8}
        )
        dls = TextDataLoaders.from_df(table, bs=4, seed=1, device="cpu")
        learn = text_classifier_learner(dls, arch, config=config, pretrained=False, path=path)
        return learn, ["good", "a bad film", "a film " * 20]

    return make


KINDS: dict[str, Callable[[list[Path], Path], Kind]] = {
    "one label": one_label,
    "several labels": several_labels,
    "points": points,
    "masks": masks,
    "sounds": sounds,
    "rows": rows,
    "ratings, dot product": ratings(False),
    "ratings, network": ratings(True),
    "texts, LSTM": texts(AWD_LSTM, AwdLstmConfig(emb_sz=12, n_hid=16, n_layers=2)),
    "texts, transformer": texts(
        MiniLM,
        TransformerConfig(
            sizes=EncoderSizes(vocab=80, positions=64, features=16, heads=2, wide=32, layers=2), max_len=48
        ),
    ),
}


#: Networks as large as that of one label.
LARGE = ("several labels", "points", "masks", "sounds", "texts, LSTM")


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.whole) if kind in LARGE else kind for kind in KINDS]
)
def test_every_kind_runs_on_every_engine(kind, photos, tmp_path):
    learn, inputs = KINDS[kind](photos, tmp_path)
    embeds = has_features(learn.trained)
    path = learn.export("program.gatera", embeddings=embeds)
    first = load_program(path, engine="onnxruntime")
    wanted, embeddings = first.predict_batch(inputs), first.embed_batch(inputs) if embeds else None
    for name, spec in ENGINES.items():
        if not spec.installed:
            continue
        for threads in (None, 1):
            program = load_program(path, engine=name, threads=threads)
            assert program.engine.name == name
            for batch_size in (None, 1, 3):
                answers = program.predict_batch(inputs, batch_size)
                for answer, same in zip(answers, wanted, strict=True):
                    np.testing.assert_allclose(answer.probabilities, same.probabilities, atol=2e-5)
            if embeddings is not None:
                np.testing.assert_allclose(program.embed_batch(inputs, 2), embeddings, rtol=1e-3, atol=1e-4)
