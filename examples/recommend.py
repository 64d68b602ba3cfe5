"""Predict film ratings by collaborative filtering, compare with a baseline of means, and export a program.

python examples/recommend.py                        on synthetic ratings: tastes in two dimensions, plus noise
python examples/recommend.py --data ratings.csv     on a table of users, items and ratings, such as MovieLens
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from gatera.collab import *

#: Code that uses the program: it needs neither PyTorch nor pandas.
ANSWER = """
import sys
from gatera import load_program
answer = load_program(sys.argv[1]).predict(sys.argv[2:])
print(f"Prediction: {answer.label:.2f}; PyTorch and pandas were",
      "imported" if {"torch", "pandas"} & set(sys.modules) else "never imported")
"""


def made_up(n_users: int = 100, n_films: int = 80) -> pd.DataFrame:
    """Return synthetic ratings from 0.5 to 5: agreement of taste and film, quality of the film, and noise."""
    draw = np.random.default_rng(0)
    tastes, kinds = draw.normal(0, 1, (n_users, 2)), draw.normal(0, 1, (n_films, 2))
    users, films = np.nonzero(draw.random((n_users, n_films)) < 0.6)
    agree = (tastes[users] * kinds[films]).sum(axis=1)
    scores = 3.2 + 0.6 * agree + draw.normal(0, 0.5, n_films)[films] + draw.normal(0, 0.5, len(users))
    ratings = np.clip(np.round(2 * scores) / 2, 0.5, 5)
    return pd.DataFrame({"user": users + 1, "film": [f"Film {film}" for film in films], "rating": ratings})


def main(
    data: Path | None = None, out: Path = Path("recommend-output"), quick: bool = False
) -> dict[str, float]:
    """Train, evaluate, export, predict; returns the mean squared error of the network and of the baseline of means."""
    out.mkdir(parents=True, exist_ok=True)
    ratings = pd.read_csv(data) if data else made_up()
    dls = CollabDataLoaders.from_df(ratings, seed=42)
    print(dls.show_batch(max_n=3), "\n")
    learn = collab_learner(dls, y_range=(0.5, 5.5))
    learn.fine_tune(2 if quick else 10, 5e-3 if not data else 2e-3)
    print(learn.show_results(max_n=5), "\n")

    error, means = learn.validate()[0], user_item_means(dls)
    print(f"network: mean squared error {error:.4f} on {dls.valid.n:,} ratings")
    print(f"{means}\n")

    items = dls.classes[dls.cat_names[1]][1:]
    order = learn.model.bias(items).argsort(descending=True)
    print("liked by everybody:", ", ".join(str(items[i]) for i in order[:3].tolist()))
    pair = [str(cell) for cell in dls.valid_ds.inputs[0].iloc[:2]]
    program = learn.export(out / "ratings.gatera", force=True)
    subprocess.run([sys.executable, "-c", ANSWER, str(program), *pair], check=True)
    return {"network": error, "means": means.value}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a table of users, items and ratings")
    parser.add_argument("--out", type=Path, default=Path("recommend-output"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    main(options.data, options.out, options.quick)
