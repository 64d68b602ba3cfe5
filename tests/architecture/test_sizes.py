from __future__ import annotations

import ast

import pytest
from source import functions, modules, path_of

MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_ARGUMENTS = 400, 60, 8

#: Functions that keep the many keyword names their users already know (see docs/architecture.md), by name.
MANY_ARGUMENTS_ALLOWED = {
    "gatera.collab.data.from_csv",
    "gatera.collab.data.from_df",
    "gatera.collab.learner.collab_learner",
    "gatera.data.transforms.presets.aug_transforms",
    "gatera.data.datablock.dataloaders",
    "gatera.data.from_files.from_csv",
    "gatera.data.from_files.from_df",
    "gatera.data.from_files.from_folder",
    "gatera.data.from_files.from_lists",
    "gatera.data.from_files.from_name_func",
    "gatera.data.from_files.from_name_re",
    "gatera.data.from_files.from_path_func",
    "gatera.data.from_files.from_path_re",
    "gatera.learn.trainer.__init__",
    "gatera.learn.trainer.fit_one_cycle",
    "gatera.models.vision.heads.create_head",
    "gatera.tabular.data.from_csv",
    "gatera.tabular.data.from_df",
    "gatera.tabular.learner.tabular_learner",
    "gatera.text.data.from_csv",
    "gatera.text.data.from_df",
    "gatera.text.data.from_folder",
    "gatera.text.language_model.language_model_learner",
    "gatera.text.learner.text_classifier_learner",
    "gatera.vision.learner.vision_learner",
    "gatera.vision.segmentation.from_label_func",
    "gatera.vision.unet.unet_learner",
}


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of code: signature and docstring tell a reader what to expect and do not count."""
    first = function.body[1:] if ast.get_docstring(function) else function.body
    return function.end_lineno - first[0].lineno + 1 if first else 0


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_file_fits_in_the_head(module):
    assert len(path_of(module).read_text().splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_function_fits_on_a_page(module):
    long = [f.name for f in functions(module) if body_lines(f) > MAX_FUNCTION_LINES]
    assert not long


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_function_has_few_arguments(module):
    crowded = {
        f"{module}.{f.name}"
        for f in functions(module)
        if len(
            [
                a
                for a in (*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs)
                if a.arg not in ("self", "cls")
            ]
        )
        > MAX_ARGUMENTS
    }
    assert crowded <= MANY_ARGUMENTS_ALLOWED
