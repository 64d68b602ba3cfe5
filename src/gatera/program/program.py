"""Load a program file and predict."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal, cast, overload

import numpy as np

from gatera.core.checks import check_at_least, check_choice
from gatera.core.errors import DataError, ProgramFileError
from gatera.core.threads import MOST_THREADS, usable_processors
from gatera.program.archive import CARD, MODEL, Archive
from gatera.program.decode import Decoder
from gatera.program.description import package_info, read_description
from gatera.program.engines import Engine, EngineName, EnginePrecision, make_engine
from gatera.program.familiar.inputs import each_input, one_input
from gatera.program.familiar.learner import LikeALearner
from gatera.program.held import held
from gatera.program.network.bounded import BoundedEngine, check_model
from gatera.program.package import read_package
from gatera.program.placing import PhotoPlacer
from gatera.program.prediction import Prediction
from gatera.program.preprocess import Preprocessing, stack_arrays
from gatera.program.raw.placement import Placement
from gatera.program.recommend import Recommendation, best_items
from gatera.program.stream import Pace, Timer, side_by_side
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
        engine: "onnxruntime", "openvino", or "auto"; see `make_engine`.
        precision: "float32", or "fast": the quickest the processor has (bf16 shifts probabilities by up to 5e-3).
        threads: the number of threads that compute one prediction; None for one per core, and where there are many inputs for
            one input per core.
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

    def bounded(made: Engine) -> Engine:
        return made if network is None else BoundedEngine(made, network, path)

    computing = bounded(make_engine(package.read(MODEL), engine, precision, threads))
    facts = package.program["entries"][MODEL]

    def single_threaded() -> Engine:
        """Make the same engine once more, of the same model; the file may be gone by now."""
        model = Archive(package.path).verified(MODEL, facts["size"], facts["sha256"])
        return bounded(make_engine(model, cast(EngineName, computing.name), precision, 1))

    engines = ManyInputs(computing, threads, single_threaded)
    return Program(preprocessing, computing, decoder, info, card, engines)


class ManyInputs:
    """How a program computes many inputs: on every core one, each with one thread.

    An engine with a thread per core does that badly: its threads wait for each other. So from the first `FEW` inputs on there
    is a second engine, with one thread. Making it takes as long as a few photos.

    Args:
        engine: what computes single predictions.
        threads: its number of threads; None for one per core.
        make: makes the same with one thread, or raises ProgramFileError; None where that is not possible.
    """

    FEW = 8

    def __init__(
        self, engine: Engine, threads: int | None = None, make: Callable[[], Engine] | None = None
    ) -> None:
        self._engine = engine if threads is not None or make is None else None
        self._make, self._lock = make, threading.Lock()
        #: Inputs side by side; two at least, so that one is read while another is computed.
        self.workers = max(2, usable_processors() // (threads or 1))

    def engine(self, number: int) -> Engine | None:
        """Return what computes input `number` (counted from 0); None for what computes single predictions."""
        if self._engine is not None or number < self.FEW or self._make is None:
            return self._engine
        with self._lock:
            if self._make is not None and self._engine is None:
                make, self._make = self._make, None
                # the file was moved or replaced: then the first engine goes on, which is slower
                with contextlib.suppress(ProgramFileError):
                    self._engine = make()
        return self._engine


class Program(LikeALearner):
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
        self,
        preprocess: Preprocessing,
        engine: Engine,
        decoder: Decoder,
        info: dict[str, Any],
        card: str,
        many: ManyInputs | None = None,
    ) -> None:
        self.preprocess, self.engine, self._decode = preprocess, engine, decoder
        self._many = many or ManyInputs(engine)
        self.vocab: list[Any] = decoder.vocab
        self.task: Task = decoder.task
        self.info, self.card = info, card
        self._place = PhotoPlacer(preprocess) if decoder.spatial else None

    def predict(self, raw: Any) -> Prediction:
        """Return the prediction for one input.

        Args:
            raw: for photos a path, the bytes of a file, anything with `read` and `seek`, a Pillow image, or an array: uint8
                or float 0..1 of shape [H,W], [H,W,1], [H,W,3] or [H,W,4]. For rows a mapping, or a DataFrame of one row.

        Raises:
            DataError: if the input cannot be read; it names the file. For photos it is a PhotoError.
        """
        array, placement = self._prepare(raw)
        return self._decode(
            self.engine.run(array[None])[0], placement
        )  # [H,W,C] -> [1,H,W,C] -> [1,K] -> [K]

    @overload
    def predict_batch(
        self, many: Iterable[Any], batch_size: int | None = None, on_error: Literal["raise"] = "raise"
    ) -> list[Prediction]: ...

    @overload
    def predict_batch(
        self, many: Iterable[Any], batch_size: int | None = None, *, on_error: OnError
    ) -> list[Prediction | DataError | None]: ...

    def predict_batch(
        self, many: Iterable[Any], batch_size: int | None = None, on_error: OnError = "raise"
    ) -> Any:
        """Return the predictions for many inputs, in order. Faster than a loop: inputs are read and computed side by side.

        Args:
            many: inputs as `predict` takes them.
            batch_size: the number of inputs computed at once. None for what takes the least time, which is tried with the
                first inputs: rows of tables in batches, say; photos are always computed one by one. It does not change the answers, but for the
                rounding of float32.
            on_error: what to do with an input that cannot be read: "raise", "skip" (its result is None) or "return" (its
                result is the DataError).

        Raises:
            DataError: if one cannot be read and `on_error` is "raise"; it names the file and its position in `many`.
        """
        return list(self.predict_stream(many, batch_size, on_error))

    def predict_stream(
        self, many: Iterable[Any], batch_size: int | None = None, on_error: OnError = "raise"
    ) -> Iterator[Prediction | DataError | None]:
        """Yield the predictions for many inputs one by one, for more inputs than fit in memory. See `predict_batch`."""
        if batch_size is not None:
            check_at_least("batch_size", batch_size, 1)
        check_choice("on_error", on_error, ON_ERROR)
        if batch_size is not None:
            return self._stream(enumerate(each_input(many)), batch_size, on_error)
        pace = Pace(1) if self.preprocess.reads_files else Pace()
        return side_by_side(
            enumerate(each_input(many)), partial(self._chunk, Timer(pace), on_error), pace, self._many.workers
        )

    def _chunk(
        self, timer: Timer, on_error: OnError, chunk: list[tuple[int, Any]]
    ) -> list[Prediction | DataError | None]:
        """Return the answers for some (number, input)."""
        ready = [self._read(number, raw, on_error) for number, raw in chunk]
        engine = self._many.engine(chunk[-1][0]) or self.engine
        return list(self._answers(ready, on_error, lambda arrays: timer(lambda: self._run(arrays, engine))))

    def recommend(
        self, user: Any, n: int = 10, *, exclude: Collection[Any] = (), rated: bool = False
    ) -> list[Recommendation]:
        """Return the items that a user would rate highest, best first, as (item, rating); for programs of ratings.

        Args:
            user: as in the table of ratings.
            n: how many items.
            exclude: items to leave out.
            rated: also recommend items that the user rated in the training data.

        Raises:
            ArgumentError: if the program does not rate items.
            DataError: if the user is not known.
        """
        return best_items(self.preprocess.reader, self.engine.run, user, n, exclude, rated)

    def _stream(
        self, items: Iterator[tuple[int, Any]], batch_size: int, on_error: OnError
    ) -> Iterator[Prediction | DataError | None]:
        pool = ThreadPoolExecutor(max_workers=min(MOST_THREADS, usable_processors()))
        # One batch is read while the one before it is computed.
        waiting: deque[Future[Prepared | DataError]] = deque()
        try:
            for number, raw in islice(items, batch_size):
                waiting.append(pool.submit(self._read, number, held(raw), on_error))
            while waiting:
                ready = [waiting.popleft().result() for _ in range(min(batch_size, len(waiting)))]
                for number, raw in islice(items, len(ready)):
                    waiting.append(pool.submit(self._read, number, held(raw), on_error))
                yield from self._answers(ready, on_error, self._run)
        finally:
            pool.shutdown(cancel_futures=True)

    def _prepare(self, raw: Any) -> Prepared:
        raw = one_input(raw)
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
        self,
        ready: list[Prepared | DataError],
        on_error: OnError,
        run: Callable[[list[np.ndarray]], list[np.ndarray]],
    ) -> Iterator[Prediction | DataError | None]:
        arrays = [item[0] for item in ready if not isinstance(item, DataError)]
        rows = iter(run(arrays))
        for item in ready:
            if not isinstance(item, DataError):
                yield self._decode(next(rows), item[1])
            else:
                yield item if on_error == "return" else None

    def _run(self, arrays: list[np.ndarray], engine: Engine | None = None) -> list[np.ndarray]:
        """Return one row of output, float32 [K], for each input; computed together if they have the same shape."""
        run, pad = (engine or self.engine).run, self.preprocess.pad
        if pad is None and len({array.shape for array in arrays}) > 1:
            return [run(array[None])[0] for array in arrays]
        return list(run(stack_arrays(arrays, pad))) if arrays else []  # n x [...] -> [N,...] -> [N,K]

    def __repr__(self) -> str:
        labels = f", {len(self.vocab)} labels" if self.vocab else ""
        return f"Program({self.info['path']!r}: {self.task}{labels}, {self.engine.name})"
