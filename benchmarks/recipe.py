"""What the recipe makes of little data and of sounds: 72 photos, and recordings by one command."""

from __future__ import annotations

from harness.cli import main
from harness.question import Line, Question, counted
from harness.session import Session

#: Draws of 90 photos; each is its own training, with its own split.
DRAWS = 5


def few_photos(session: Session) -> list[Line]:
    folder = session.data / "pets" / "oxford_iiit_pet" / "images"
    draws = [
        session.job("gatera_recipe.py", "few_photos", folder=folder, n=20 if session.quick else 90, seed=seed)
        for seed in range(1, 2 if session.quick else DRAWS + 1)
    ]
    wrong = [draw["wrong"] for draw in draws]
    return [
        Line(
            "photos that are wrong, all draws together", sum(wrong), {"gatera": wrong}, "",
            facts={"of": str(sum(draw["n_held_out"] for draw in draws)), "one draw": counted(draws[0])},
        )
    ]  # fmt: skip


def digits(session: Session) -> list[Line]:
    folder = session.data / "audio" / "fsdd" / "recordings"
    out = session.work / "digits.gatera"
    run = session.job(
        "gatera_recipe.py", "digits", folder=folder, out=out, seed=session.seed, quick=session.quick
    )
    return [
        Line(
            "accuracy on the recordings held out", run["accuracy"], {"gatera": [run["accuracy"]]}, "",
            facts={"items": counted(run), "time of the whole command": f"{run['seconds']:.0f} s"},
        )
    ]  # fmt: skip


FEW_PHOTOS = Question(
    name="few_photos",
    number=30,
    title="Cats and dogs learned from 72 photos: wrong of 90, five draws",
    how=(
        "Ninety pets drawn at random, a fifth of them held out, 224 pixels, `vision_learner` and `fine_tune(1)` with "
        "nothing else said; five draws, each judged on its own 18."
    ),
    unit="",
    better="lower",
    must=4,
    aim=2,
    repeats=1,
    measure=few_photos,
)

DIGITS = Question(
    name="digits_command",
    number=31,
    title="fsdd: accuracy on spoken digits, by `gatera train`",
    how="The defaults of `gatera train`, 20 % of the recordings held out at random; the same files as the library's own cell.",
    unit="",
    better="higher",
    must=0.975,
    aim=0.99,
    repeats=1,
    measure=digits,
)

QUESTIONS = (FEW_PHOTOS, DIGITS)

if __name__ == "__main__":
    main(QUESTIONS)
