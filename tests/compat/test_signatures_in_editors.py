"""What an editor or a type checker reads of the names of `gatera.vision.all` and the other faces."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from gatera.audio import all as audio
from gatera.collab import all as collab
from gatera.compat import paths
from gatera.compat.learners import VisionArguments
from gatera.measure.metrics.base import Metric
from gatera.recipes.job import TrainedProgram
from gatera.tabular import all as tabular
from gatera.text import all as text
from gatera.vision import all as vision
from gatera.vision.learner import vision_learner as our_vision_learner

LEARNERS = {
    f"{face.__name__}.{name}": getattr(face, name)
    for face in (vision, text, tabular, collab, audio)
    for name in face.__all__
    if name.endswith("_learner") and name != "load_learner"
}


def written(function) -> ast.arguments:
    """Return the arguments as the file has them: decorators that copy a signature show another one to Python itself."""
    code = function.__code__
    tree = ast.parse(Path(code.co_filename).read_text(encoding="utf-8"))
    return next(
        node.args for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.name == code.co_name
        and code.co_firstlineno in (node.lineno, *(each.lineno for each in node.decorator_list))
    )  # fmt: skip


def kind_of(function, name: str) -> str:
    """Return the type that is written of an argument."""
    arguments = written(function)
    return next(ast.unparse(each.annotation) for each in arguments.args if each.arg == name)


@pytest.mark.parametrize("name", LEARNERS)
def test_every_keyword_of_a_learner_is_known_to_an_editor(name):
    arguments = written(LEARNERS[name])
    assert arguments.vararg is None
    assert ast.unparse(arguments.kwarg.annotation).startswith("Unpack[")


def test_the_photo_learner_tells_the_keywords_of_both():
    arguments = written(vision.vision_learner)
    named = {each.arg for each in (*arguments.args, *arguments.kwonlyargs)} | set(
        VisionArguments.__annotations__
    )
    assert (
        set(inspect.signature(our_vision_learner).parameters) | {"ps", "lin_ftrs", "custom_head", "n_in"}
        <= named
    )


@pytest.mark.parametrize("name", ["text_classifier_learner", "language_model_learner", "tfidf_baseline"])
def test_loaders_of_any_recipe_fit_what_takes_texts(name):
    assert kind_of(getattr(text, name), "dls") == "DataLoaders"


def test_the_line_of_the_readme_on_the_error_is_no_mistake_to_a_type_checker():
    assert "Any" in inspect.signature(TrainedProgram.report.fget).return_annotation


def test_a_data_set_is_fetched_with_known_keywords():
    arguments = written(paths.untar_data)
    assert (arguments.vararg, arguments.kwarg) == (None, None)


def test_a_metric_of_ones_own_may_call_its_arguments_as_it_likes():
    """The page on one's own components calls them predictions and labels."""
    *_, pred, target = inspect.signature(Metric.update).parameters.values()
    assert pred.kind is target.kind is inspect.Parameter.POSITIONAL_ONLY
