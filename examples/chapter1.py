"""The first chapter of "Deep Learning for Coders with fastai and PyTorch" as one script: only import lines are changed.

python examples/chapter1.py                    on the bundled samples, and on synthetic data for the other applications
python examples/chapter1.py --data HOME        on HOME/data/oxford-iiit-pet, camvid_tiny, imdb, adult_sample,
                                               movie_lens_sample, fsdd, coco_tiny

Every model is exported, and the programs make predictions in a process that never imports PyTorch. Networks whose trained weights
come as Python packages stand in for the book's resnet34 and AWD_LSTM, so that it runs without a network connection. Sound,
points and several labels at once, which the book's chapter only speaks of, come last.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from chapter1_home import small_home
from many_labels import coco, three_ways

from gatera.vision.all import *  # isort: skip
from gatera.text.all import *  # isort: skip
from gatera.tabular.all import *  # isort: skip
from gatera.collab import *  # isort: skip
from gatera.audio.all import *  # isort: skip

ARCH = efficientnet_lite0  # the book: resnet34
READER = MiniLM  # the book: AWD_LSTM

#: Reads [program, input] pairs from its standard input.
ANSWER = """
import json, sys
from gatera import load_program
for path, question in json.load(sys.stdin):
    answer = load_program(path).predict(question)
    words = str(answer.label) if answer.task != "segmentation" else f"a mask of {answer.label.shape}"
    print(f"  {path}: {words[:70]}")
assert not {"torch", "pandas", "matplotlib"} & set(sys.modules)
"""


class Figure(NamedTuple):
    """A measured figure, its target on the full data, a baseline, and the size of the data."""

    what: str
    value: float
    must: str
    beside: str
    n_train: int
    n_held_out: int


class Chapter:
    """Folders for the cells' programs, pictures and figures."""

    def __init__(self, out: Path, quick: bool) -> None:
        self.out, self.quick, self.figures, self.questions = out, quick, [], []

    def figure(self, dls: DataLoaders, what: str, value: float, must: str, beside: str) -> None:
        held_out = dls.valid if dls.test is None else dls.test
        self.figures.append(Figure(what, value, must, beside, dls.train.n, held_out.n))

    def keep(self, learn: Learner, name: str, question: object) -> None:
        program = learn.export(self.out / f"{name}.gatera", force=True)
        self.questions.append((str(program), question))

    def picture(self, figure: object, name: str) -> None:
        figure.savefig(self.out / f"{name}.png")


# fmt: off


def cats(chapter: Chapter) -> None:
    path = untar_data(URLs.PETS)/'images'

    def is_cat(x): return x[0].isupper()
    dls = ImageDataLoaders.from_name_func(
        path, get_image_files(path), valid_pct=0.2, seed=42,
        label_func=is_cat, item_tfms=Resize(224))

    learn = vision_learner(dls, ARCH, metrics=error_rate)
    learn.fine_tune(1)

    photo = sorted((untar_data(URLs.PETS_SAMPLE)/'images-unseen').glob('[A-Z]*.jpg'))[0]
    img = PILImage.create(photo)
    is_cat,_,probs = learn.predict(img)
    print(f"Is this a cat?: {is_cat}.")
    print(f"Probability it's a cat: {probs[1].item():.6f}")

    chapter.picture(learn.show_results(), 'cats')
    counts = dls.class_counts
    chapter.figure(dls, 'cats: error', learn.validate()[1], 'at most 0.02', f'most frequent class {1 - counts.max() / counts.sum():.3f}')
    chapter.keep(learn, 'cats', str(photo))


def streets(chapter: Chapter) -> None:
    path = untar_data(URLs.CAMVID_TINY)
    dls = SegmentationDataLoaders.from_label_func(
        path, bs=8, fnames = get_image_files(path/"images"),
        label_func = lambda o: path/'labels'/f'{o.stem}_P{o.suffix}',
        codes = np.loadtxt(path/'codes.txt', dtype=str)
    )

    learn = unet_learner(dls, ARCH)
    learn.fine_tune(8)

    chapter.picture(learn.show_results(max_n=6, figsize=(7,8)), 'streets')

    codes = list(dls.vocab)
    void = codes.index('Void') if 'Void' in codes else None
    learn.metrics = [PixelAccuracy(ignore=void), JaccardCoeffMulti(ignore=void)]
    loss, pixels, overlap = learn.validate()
    shares = torch.bincount(learn.get_preds()[1].flatten()) / learn.get_preds()[1].numel()
    always = -(shares * shares.clamp_min(1e-9).log()).sum().item()  # loss of the best answer that is the same everywhere
    chapter.figure(dls, 'streets: loss', loss, 'at most 0.75', f'shares of the classes everywhere {always:.3f}')
    chapter.figure(dls, 'streets: mean IoU without void', overlap, 'reported', '')
    chapter.figure(dls, 'streets: pixel accuracy without void', pixels, 'reported', f'most frequent class {shares.max():.3f}')
    chapter.keep(learn, 'streets', str(get_image_files(path/"images")[0]))


def reviews(chapter: Chapter) -> None:
    dls = TextDataLoaders.from_folder(untar_data(URLs.IMDB), valid='test')
    learn = text_classifier_learner(dls, READER, drop_mult=0.5, metrics=accuracy)
    learn.fine_tune(4, 1e-2)

    print(learn.predict("I really liked that movie!"))

    words = tfidf_baseline(dls)
    chapter.figure(dls, 'reviews: accuracy', learn.validate()[1], 'at least 0.87', f'TF-IDF and logistic regression {words.accuracy:.3f}')
    chapter.keep(learn, 'reviews', "I really liked that movie!")


def salaries(chapter: Chapter) -> None:
    path = untar_data(URLs.ADULT_SAMPLE)

    dls = TabularDataLoaders.from_csv(path/'adult.csv', path=path, y_names="salary",
        cat_names = ['workclass', 'education', 'marital-status', 'occupation',
                     'relationship', 'race'],
        cont_names = ['age', 'fnlwgt', 'education-num'],
        procs = [Categorify, FillMissing, Normalize])

    learn = tabular_learner(dls, metrics=accuracy)
    learn.fit_one_cycle(3)

    print(learn.show_results(max_n=3))
    row = {name: str(cell) for name, cell in pd.read_csv(path/'adult.csv', skipinitialspace=True).iloc[0].items()}
    chapter.figure(dls, 'salaries: accuracy', learn.validate()[1], 'reported', f'boosted trees {boosted_trees(dls).value:.3f}')
    chapter.keep(learn, 'salaries', row)

    dls = TabularDataLoaders.from_csv(path/'adult.csv', path=path, y_names="salary",
        cat_names = ['workclass', 'education', 'marital-status', 'occupation',
                     'relationship', 'race', 'sex', 'native-country'],
        cont_names = ['age', 'fnlwgt', 'education-num', 'capital-gain', 'capital-loss', 'hours-per-week'],
        procs = [Categorify, FillMissing, Normalize])
    learn = tabular_learner(dls, metrics=accuracy)
    learn.fit_one_cycle(3)
    chapter.figure(dls, 'salaries, from all columns: accuracy', learn.validate()[1], 'at least 0.845', f'boosted trees {boosted_trees(dls).value:.3f}')


def films(chapter: Chapter) -> None:
    path = untar_data(URLs.ML_SAMPLE)
    dls = CollabDataLoaders.from_csv(path/'ratings.csv')
    learn = collab_learner(dls, y_range=(0.5,5.5))
    learn.fine_tune(10)

    print(learn.show_results())

    means = user_item_means(dls)
    chapter.figure(dls, 'films: mean squared error', learn.validate()[0], 'at most 0.70', f'means of users and films {means.value:.3f}')
    pair = [str(cell) for cell in dls.valid_ds.inputs[0].iloc[:2]]
    chapter.keep(learn, 'films', pair)


def digits(chapter: Chapter) -> None:
    files = get_audio_files(URLs.path('fsdd'))
    splits = {
        'recordings held out': (RandomSplitter(seed=42), 'at least 0.97'),
        'a speaker held out': (GroupSplitter(lambda o: o.name.split('_')[1], 1/6, seed=0), 'reported'),
    }
    for how, (splitter, must) in splits.items():
        dls = DataBlock(blocks=(AudioBlock, CategoryBlock), splitter=splitter,
                        get_y=lambda o: o.name.split('_')[0]).dataloaders(files, bs=16, seed=42)
        learn = vision_learner(dls, ARCH, metrics=accuracy)
        learn.fine_tune(4 if len(files) > 1000 else 1 if chapter.quick else 24, 1e-2)
        chapter.figure(dls, f'digits, {how}: accuracy', learn.validate()[1], must, 'guessing 0.100')
        name = 'digits' if must != 'reported' else 'digits-strangers'
        chapter.picture(learn.show_results(), name)
        chapter.keep(learn, name, str(dls.valid_ds.items[0]))

def heads(chapter: Chapter) -> None:
    path = untar_data(URLs.PETS)
    boxes = {path/'images'/f'{o.stem}.jpg': o for o in get_files(path/'annotations'/'xmls', '.xml')}

    def centre(o):
        box = ET.parse(boxes[o]).find('object/bndbox')
        x1, y1, x2, y2 = (float(box.findtext(side)) for side in ('xmin', 'ymin', 'xmax', 'ymax'))
        return (x1 + x2) / 2, (y1 + y2) / 2

    def breed(o): return o.stem.rsplit('_', 1)[0]
    dls = DataBlock(blocks=(ImageBlock, PointBlock), splitter=GroupSplitter(breed, seed=42), get_y=centre,
                    item_tfms=Resize(224, ResizeMethod.Squish)).dataloaders(list(boxes), bs=16, seed=42)
    learn = vision_learner(dls, ARCH, y_range=(-1,1))
    learn.fine_tune(8, 5e-3)

    chapter.picture(learn.show_results(), 'heads')
    middle = np.mean([np.array(centre(o)) / PILImage.create(o).size for o in dls.train_ds.items], axis=0)
    found, always = [], []
    for o in dls.valid_ds.items:
        size, true = np.array(PILImage.create(o).size), np.array(centre(o))
        found.append(np.hypot(*(np.ravel(learn.predict(o).label) - true)) / size[0])
        always.append(np.hypot(*(middle * size - true)) / size[0])
    chapter.figure(dls, "heads: median error / photo's width", np.median(found), 'below 0.10', f'breeds held out; always the mean position {np.median(always):.3f}')
    chapter.keep(learn, 'heads', str(dls.valid_ds.items[0]))


def things(chapter: Chapter) -> None:
    path = untar_data(URLs.COCO_TINY)
    labels = coco(path)
    dls = DataBlock(blocks=(ImageBlock, MultiCategoryBlock), splitter=three_ways, get_y=labels.__getitem__,
                    item_tfms=Resize(128), batch_tfms=aug_transforms()).dataloaders(sorted(labels), bs=16, seed=42)
    learn = vision_learner(dls, ARCH, metrics=partial(accuracy_multi, thresh=0.5))
    learn.fine_tune(8, 5e-3)

    learn.loss_func = BCEWithLogitsLossFlat(thresh=best_thresholds(*learn.get_preds()))
    scores = label_scores(*learn.get_preds(dl=dls.test), dls.vocab, learn.loss_func.threshold)
    print(scores.round(3).to_string(index=False))
    chapter.picture(learn.show_results(dl=dls.test), 'things')
    mean = scores.iloc[-1]
    chapter.figure(dls, 'things: mean average precision', mean['average_precision'], 'reported', f"prevalence {mean['prevalence']:.3f}")
    chapter.keep(learn, 'things', str(dls.test.dataset.items[0]))

# fmt: on

CELLS: tuple[Callable[[Chapter], None], ...] = (
    cats,
    streets,
    reviews,
    salaries,
    films,
    digits,
    heads,
    things,
)


def main(
    data: Path | None = None,
    out: Path = Path("chapter1-output"),
    quick: bool = False,
    only: Sequence[str] = (),
) -> list[Figure]:
    """Run the chapter, or `only` some of its cells; returns the figures. `quick` uses less of the bundled samples."""
    out.mkdir(parents=True, exist_ok=True)
    chapter = Chapter(out.resolve(), quick)
    before = os.environ.get("GATERA_HOME")
    with tempfile.TemporaryDirectory() as small:
        os.environ["GATERA_HOME"] = str(data or small_home(Path(small), quick))
        try:
            for cell in [cell for cell in CELLS if not only or cell.__name__ in only]:
                print(f"\n{cell.__name__}\n")
                set_seed(42)
                cell(chapter)
            print("\nThe programs, in a process without PyTorch:\n", flush=True)
            questions = json.dumps(chapter.questions)
            subprocess.run([sys.executable, "-c", ANSWER], input=questions, text=True, check=True)
        finally:
            os.environ.pop("GATERA_HOME") if before is None else os.environ.update(GATERA_HOME=before)
    print(f"\n{'figure':45} {'reached':>8}   must reach        beside")
    for figure in chapter.figures:
        print(f"{figure.what:45} {figure.value:8.4f}   {figure.must:15}   {figure.beside}")
    return chapter.figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a data home with the whole data sets")
    parser.add_argument("--out", type=Path, default=Path("chapter1-output"))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="*", default=[], choices=[cell.__name__ for cell in CELLS])
    options = parser.parse_args()
    main(options.data, options.out, options.quick, options.only)
