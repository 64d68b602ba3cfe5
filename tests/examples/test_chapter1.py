from __future__ import annotations

import json
import os

import pytest

#: A thousand rows are too few for every education to be among those that are learnt from.
RARE = r"ignore:In the rows. unseen category .* in column '[a-z-]+':UserWarning"


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.long
@pytest.mark.filterwarnings(RARE)
def test_the_books_first_chapter_runs_as_one_script(load_example, tmp_path, private_home, capfd):
    figures = load_example("chapter1").main(out=tmp_path, quick=True)
    found = {figure.what.split(":")[0] for figure in figures}
    assert found == {
        "cats", "streets", "reviews", "salaries", "salaries, from all columns", "films", "things", "heads",
        "digits, recordings held out", "digits, a speaker held out",
    }  # fmt: skip
    said = capfd.readouterr().out
    answers = said.split("without PyTorch:")[1]
    for program in ("cats", "streets", "reviews", "salaries", "films", "digits", "things", "heads"):
        assert f"{tmp_path / program}.gatera: " in answers
    assert os.environ["GATERA_HOME"] == str(private_home)


def test_the_small_home_is_laid_out_as_the_books_data_sets(load_example, tmp_path):
    data = load_example("chapter1_home").small_home(tmp_path, quick=True) / "data"
    assert (data / "oxford-iiit-pet" / "images").is_dir()
    assert (data / "adult_sample" / "adult.csv").is_file()
    assert (data / "camvid_tiny" / "codes.txt").read_text().split() == ["sky", "road", "car", "tree"]
    assert (data / "movie_lens_sample" / "ratings.csv").read_text().startswith("userId,movieId,rating")
    assert {kind.name for kind in (data / "imdb" / "train").iterdir()} == {"pos", "neg"}
    assert json.loads((data / "coco_tiny" / "train.json").read_text())["categories"]
