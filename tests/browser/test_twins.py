"""What JavaScript cannot do is refused by name; the tables of both languages agree."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from gatera.browser import supported
from gatera.browser.supported import check_twins
from gatera.core.errors import ExportError
from gatera.program.operations import OPERATIONS
from gatera.program.tasks import TASKS

STATIC = files("gatera.browser") / "static"
SCRIPTS = sorted(path for path in (STATIC / "js").rglob("*.js"))


def keys_of(script: str, table: str) -> set[str]:
    """The keys of an object literal of JavaScript at the top of a file, indented by two blanks."""
    source = (STATIC / "js" / script).read_text("utf-8")
    body = re.search(rf"^(?:export )?const {table} = \{{\n(.*?)^\}};", source, re.M | re.S)
    return set(re.findall(r"^  (\w+)[:(]", body[1], re.M))


def test_every_operation_and_task_has_a_twin():
    assert set(supported.OPERATIONS) == set(OPERATIONS) == keys_of("operations.js", "OPERATIONS")
    assert set(supported.TASKS) == set(TASKS) == keys_of("tasks.js", "TASKS")


@pytest.mark.parametrize(
    "part, script, table",
    [
        ("normalizer", "text/tokenizer.js", "NORMALIZERS"),
        ("pre_tokenizer", "text/tokenizer.js", "SPLITTERS"),
        ("model", "text/models.js", "MODELS"),
        ("post_processor", "text/tokenizer.js", "ENDINGS"),
    ],
)
def test_the_parts_of_tokenizers_agree(part, script, table):
    assert set(supported.PARTS[part]) == keys_of(script, table)


def test_an_operation_without_a_twin_is_refused_by_name():
    with pytest.raises(
        ExportError,
        match=r"the operation warp is not implemented in JavaScript.*Serve the program with: gatera serve",
    ):
        check_twins("classification", [{"op": "read_photo"}, {"op": "warp"}], None)
    with pytest.raises(ExportError, match="the task detection is not implemented in JavaScript"):
        check_twins("detection", [{"op": "read_photo"}], None)


@pytest.mark.parametrize(
    "changes, named",
    [
        ({"model": {"type": "Unigram"}}, "the model of its tokenizer, Unigram"),
        (
            {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Precompiled"}]}},
            "Precompiled",
        ),
        ({"pre_tokenizer": {"type": "Metaspace"}}, "the pre tokenizer of its tokenizer, Metaspace"),
        (
            {"pre_tokenizer": {"type": "Split", "behavior": "MergedWithNext"}},
            "behavior='MergedWithNext' of Split",
        ),
        ({"model": {"type": "BPE", "byte_fallback": True}}, "byte_fallback=True of BPE"),
        ({"added_tokens": [{"content": "<mask>", "lstrip": True}]}, "lstrip=True of added token '<mask>'"),
    ],
)
def test_a_part_of_a_tokenizer_without_a_twin_is_refused_by_name(changes, named):
    document = {"model": {"type": "WordLevel"}, "added_tokens": [], **changes}
    with pytest.raises(ExportError, match=re.escape(named)):
        check_twins(
            "classification", [{"op": "read_text"}, {"op": "tokenize"}], json.dumps(document).encode()
        )


@pytest.mark.parametrize(("part", "setting"), supported.SETTINGS)
def test_a_setting_is_taken_with_known_values_only(part, setting):
    known = {"Split": "Isolated"}.get(part) if setting == "behavior" else None
    others = [{"type": part, "content": "x", setting: value} for value in (True, 0.1, "x")]
    check = supported._check_settings
    check(part, {"type": part, setting: known})
    for other in others:
        with pytest.raises(ExportError, match=f"{setting}={other[setting]!r} of {part}"):
            check(part, other)


def test_both_languages_have_every_phrase_with_the_same_details():
    source = (STATIC / "js" / "phrases.js").read_text("utf-8")
    tables = [re.search(rf"^const {name} = \{{\n(.*?)^\}};", source, re.M | re.S)[1] for name in ("EN", "ES")]
    english, spanish = (dict(re.findall(r'^  (\w+): "(.*)",$', table, re.M)) for table in tables)
    assert len(english) > 50
    assert set(english) == set(spanish)
    details = {key: sorted(re.findall(r"\{[\w:]+\}", text)) for key, text in english.items()}
    assert {key: sorted(re.findall(r"\{[\w:]+\}", text)) for key, text in spanish.items()} == details


def test_every_phrase_that_a_script_names_exists():
    source = (STATIC / "js" / "phrases.js").read_text("utf-8")
    known = set(re.findall(r'^  (\w+): "', source, re.M))
    named = set()
    for script in SCRIPTS:
        text = script.read_text("utf-8")
        named |= set(re.findall(r'(?:say|InputError|paragraph)\("(\w+)"', text)) | set(
            re.findall(r'code: "(\w+)"', text)
        )
        named |= set(re.findall(r'note\("(\w+)"', text))
    assert len(named) > 30
    assert sorted(named - known) == []


def test_the_page_has_no_inline_script_and_asks_nobody_else():
    page = (STATIC / "index.html").read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"\bstyle=", page) == []
    for script in SCRIPTS:
        assert re.findall(r"""["'`]https?://""", script.read_text("utf-8")) == [], script


def test_scripts_are_short():
    assert {path.name: n for path in SCRIPTS if (n := len(path.read_text("utf-8").splitlines())) > 400} == {}
