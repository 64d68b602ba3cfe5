"""Load a program file and predict."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np

from gatera.core.checks import check_at_least, check_choice
from gatera.core.errors import DataError, GateraError
from gatera.program.archive import CARD, MODEL
from gatera.program.decode import Decoder
from gatera.program.description import package_info, read_description
from gatera.program.engines import Engine, EngineName, EnginePrecision, make_engine
from gatera.program.held import held, moves
from gatera.program.network.bounded import BoundedEngine, check_model
from gatera.program.package import read_package
from gatera.program.placing import PhotoPlacer
from gatera.program.prediction import Prediction
from gatera.program.preprocess import Preprocessing, stack_arrays
from gatera.program.raw.placement import Placement
from gatera.program.tasks import Task

__all__ = ["Prediction", "Program", "load_program"]

#: The model's input, and for spatial tasks where the photo lies in it.
Prepared = tuple[np.ndarray, Placement | None]

OnError = Literal["raise", "skip", "return"]
ON_ERROR = ("raise", "skip", "return")


def load_program(
    path: str | Path,
    *,
    engine: EngineName = "auto",
    precision: EnginePrecision = "float32",
    threads: int | None = None,
    trusted: bool = False,
) -> Program:
    """Load a program file. Nothing in it is executed or unpickled, and PyTorch is not needed.

    Args:
        path: a file that `learn.export` or `gatera train` wrote.
        engine: "onnxruntime", "openvino", or "auto": OpenVINO if it is installed.
        precision: "float32", or "fast": the quickest the processor has (bf16 shifts probabilities by up to 5e-3).
        threads: the number of threads; None for one per core.
        trusted: also take models with operators that are not on the list, or that need much memory or time. Such a model
            can keep the machine busy, or fill its memory; it still cannot run code.

    Raises:
        ProgramFileError: if the file is missing, damaged, tampered with, or too new, or its model is not allowed.
        MissingExtraError: if the engine is named and not installed.
        ArgumentError: if a choice is unknown.
    """
    package = read_package(path)
    preprocessing, decoder = read_description(package)
    info = package_info(package)
    card = package.read(CARD).decode("utf-8", errors="replace") if CARD in package.names else ""
    network = None if trusted else check_model(package.read(MODEL), path)
    made = make_engine(package.read(MODEL), engine, precision, threads)
    bounded = made if network is None else BoundedEngine(made, network, path)
    return Program(preprocessing, bounded, decoder, info, card)


class Program:
    """A trained program: preprocessing, model, decoding. Made by `load_program`. It may be used from several threads.

    Attributes:
        preprocess: turns raw input into the model's input.
        engine: computes the model.
        vocab: the labels; empty for a regression.
        task: "classification", "multilabel", "regression", "segmentation" or "points".
        card: the model card, Markdown.
        info: facts about the program: format, versions, sizes, hashes, metrics.
    """

    def __init__(
        self, preprocess: Preprocessing, engine: Engine, decoder: Decoder, info: dict[str, Any], card: str
    ) -> None:
        self.preprocess, self.engine, self._decode = preprocess, engine, decoder
        self.vocab: list[Any] = decoder.vocab
        self.task: Task = decoder.task
        self.info, self.card = info, card
        self._place = PhotoPlacer(preprocess) if decoder.spatial else None

    def predict(self, raw: Any) -> Prediction:
        """Return the prediction for one input.

        Args:
            raw: for photos a path, the bytes of a file, an open binary file, a Pillow image, or an array: uint8 or float
                0..1 of shape [H,W], [H,W,1], [H,W,3] or [H,W,4].

        Raises:
            DataError: if the input cannot be read; it names the file. For photos it is a PhotoError.
        """
        array, placement = self._prepare(raw)
        return self._decode(
            self.engine.run(array[None])[0], placement
        )  # [H,W,C] -> [1,H,W,C] -> [1,K] -> [K]

    @overload
    def predict_batch(
        self, many: Iterable[Any], batch_size: int = 16, on_error: Literal["raise"] = "raise"
    ) -> list[Prediction]: ...

    @overload
    def predict_batch(
        self, many: Iterable[Any], batch_size: int = 16, *, on_error: OnError
    ) -> list[Prediction | DataError | None]: ...

    def predict_batch(self, many: Iterable[Any], batch_size: int = 16, on_error: OnError = "raise") -> Any:
        """Return the predictions for many inputs, in order. Faster than a loop: reading and computing overlap.

        Args:
            many: inputs as `predict` takes them.
            batch_size: the number of inputs computed at once.
            on_error: what to do with an input that cannot be read: "raise", "skip" (its result is None) or "return" (its
                result is the DataError).

        Raises:
            DataError: if one cannot be read and `on_error` is "raise"; it names the file and its position in `many`.
        """
        return list(self.predict_stream(many, batch_size, on_error))

    def predict_stream(
        self, many: Iterable[Any], batch_size: int = 16, on_error: OnError = "raise"
    ) -> Iterator[Prediction | DataError | None]:
        """Yield the predictions for many inputs one by one, for more inputs than fit in memory. See `predict_batch`."""
        check_at_least("batch_size", batch_size, 1)
        check_choice("on_error", on_error, ON_ERROR)
        return self._stream(enumerate(many), batch_size, on_error)

    def _stream(
        self, items: Iterator[tuple[int, Any]], batch_size: int, on_error: OnError
    ) -> Iterator[Prediction | DataError | None]:
        pool = ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1))
        # One batch is read while the one before it is computed.
        waiting: deque[Future[Prepared | DataError]] = deque()
        try:
            for number, raw in islice(items, batch_size):
                waiting.append(self._submit(pool, number, raw, on_error))
            while waiting:
                ready = [waiting.popleft().result() for _ in range(min(batch_size, len(waiting)))]
                for number, raw in islice(items, len(ready)):
                    waiting.append(self._submit(pool, number, raw, on_error))
                yield from self._answers(ready, on_error)
        finally:
            pool.shutdown(cancel_futures=True)

    def _submit(
        self, pool: ThreadPoolExecutor, number: int, raw: Any, on_error: OnError
    ) -> Future[Prepared | DataError]:
        """Have an input read in the pool; at once, if the next one may change it."""
        if not moves(raw):
            return pool.submit(self._read, number, held(raw), on_error)
        done: Future[Prepared | DataError] = Future()
        try:
            done.set_result(self._read(number, raw, on_error))
        except GateraError as err:  # raised where the pool's results are taken: after the answers before it
            done.set_exception(err)
        return done

    def _prepare(self, raw: Any) -> Prepared:
        return (self.preprocess(raw), None) if self._place is None else self._place(raw)

    def _read(self, number: int, raw: Any, on_error: OnError) -> Prepared | DataError:
        try:
            return self._prepare(raw)
        except DataError as err:
            if on_error != "raise":
                return err
            raise type(err)(
                f"item {number} of the batch: {err.problem}",
                got=err.got, expected=err.expected, remedy='Pass on_error="skip" to skip such inputs.',
            ) from err  # fmt: skip

    def _answers(
        self, ready: list[Prepared | DataError], on_error: OnError
    ) -> Iterator[Prediction | DataError | None]:
        arrays = [item[0] for item in ready if not isinstance(item, DataError)]
        rows = iter(self._run(arrays))
        for item in ready:
            if not isinstance(item, DataError):
                yield self._decode(next(rows), item[1])
            else:
                yield item if on_error == "return" else None

    def _run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        """Return one row of output, float32 [K], for each input; computed together if they have the same shape."""
        pad = self.preprocess.pad
        if pad is None and len({array.shape for array in arrays}) > 1:
            return [self.engine.run(array[None])[0] for array in arrays]
        return (
            list(self.engine.run(stack_arrays(arrays, pad))) if arrays else []
        )  # n x [...] -> [N,...] -> [N,K]

    def __repr__(self) -> str:
        labels = f", {len(self.vocab)} labels" if self.vocab else ""
        return f"Program({self.info['path']!r}: {self.task}{labels}, {self.engine.name})"
