"""Load a program file and predict."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal, cast, overload

import numpy as np

from gatera.core.checks import check_choice, check_count
from gatera.core.errors import ArgumentError, DataError, as_value
from gatera.core.threads import MOST_THREADS, started, usable_processors
from gatera.program.archive import CARD, MODEL, Archive
from gatera.program.certain.batch import ready_predictions, unexpected_gaps
from gatera.program.certain.certainty import NO_FEATURES, TO_KNOW, Certainty
from gatera.program.certain.judged import check_features, check_sure
from gatera.program.certain.shift import Shift
from gatera.program.decode import Decoder
from gatera.program.description import certainty_of, package_info, read_description
from gatera.program.embedding.embeds import Embeds
from gatera.program.embedding.read import Embedder, embedding_of
from gatera.program.engines import Engine, EngineName, EnginePrecision, make_engine
from gatera.program.familiar.inputs import each_input, one_input
from gatera.program.familiar.learner import LikeALearner
from gatera.program.familiar.pickled import Opened, reduced
from gatera.program.held import held
from gatera.program.network.bounded import BoundedEngine, check_model
from gatera.program.package import read_package
from gatera.program.placing import PhotoPlacer
from gatera.program.prediction import Prediction
from gatera.program.preprocess import Preprocessing, stack_arrays
from gatera.program.raw.placement import Placement
from gatera.program.recommend import Recommendation, best_items
from gatera.program.stream import ManyInputs, Pace, Timer, side_by_side
from gatera.program.tasks import Task

__all__ = ["Prediction", "Program", "load_program"]

#: The model's input, and for spatial tasks where the photo lies in it.
Prepared = tuple[np.ndarray, Placement | None]

#: What the model gives for one input: its output, float32 [K], and its features, float32 [D], or None.
Row = tuple[np.ndarray, np.ndarray | None]

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
    certainty = certainty_of(package, decoder.vocab)
    features = certainty.features
    asked: dict[str, Any] = {} if features is None else {"features": features}
    network = None if trusted else check_model(package.read(MODEL), path, features)

    def bounded(made: Engine) -> Engine:
        return made if network is None else BoundedEngine(made, network, path)

    def model_again() -> bytes:
        """Return the same model once more; the file may be gone by now."""
        return Archive(package.path).verified(MODEL, facts["size"], facts["sha256"])

    computing = bounded(make_engine(package.read(MODEL), engine, precision, threads, **asked))
    facts = package.program["entries"][MODEL]

    def single_threaded() -> Engine:
        """Make the same engine once more."""
        return bounded(make_engine(model_again(), cast(EngineName, computing.name), precision, 1, **asked))

    engines = ManyInputs(computing, threads, single_threaded)
    program = Program(preprocessing, computing, decoder, info, card, engines, certainty)
    tensor = embedding_of(package.program, path)
    if tensor is not None:

        def embedding_engine() -> Engine:
            model = model_again()
            allowed = None if trusted else check_model(model, path, tensor.name)
            made = make_engine(model, engine, precision, threads, features=tensor.name)
            return made if allowed is None else BoundedEngine(made, allowed, path)

        program.embedder = Embedder(tensor, embedding_engine, path)
    program.opened = Opened(package.path.absolute(), engine, precision, threads, trusted)
    return program


class Program(LikeALearner, Embeds):
    """A trained program: preprocessing, model, decoding. Made by `load_program`. It may be used from several threads.

    Attributes:
        preprocess: turns raw input into the model's input.
        engine: computes the model.
        vocab: the labels; empty for a regression.
        task: "classification", "multilabel", "regression", "segmentation" or "points".
        card: the model card, Markdown.
        info: facts about the program: format, versions, sizes, hashes, metrics.
        certainty: what the program knows of how sure it is.
        embedder: computes embeddings; None if the program was exported without.
        opened: how `load_program` was called; pickled, for other processes, a program is this, and the file is opened again.
        version: what it is called in the registry that it was opened from, such as "cats@production"; None for a file.
    """

    def __init__(
        self,
        preprocess: Preprocessing,
        engine: Engine,
        decoder: Decoder,
        info: dict[str, Any],
        card: str,
        many: ManyInputs | None = None,
        certainty: Certainty | None = None,
    ) -> None:
        self.preprocess, self.engine, self._decode = preprocess, engine, decoder
        self._many = many or ManyInputs(engine)
        self.vocab: list[Any] = decoder.vocab
        self.task: Task = decoder.task
        self.info, self.card, self.certainty = info, card, certainty or Certainty()
        self.embedder: Embedder | None = None
        self.opened: Opened | None = None
        self.version: str | None = None
        self._place = PhotoPlacer(preprocess) if decoder.spatial else None
        only_step = len(preprocess.config) == 1
        self._read_rows = getattr(preprocess.reader, "rows", None) if only_step else None

    @property
    def decoder(self) -> Decoder:
        """How the network's outputs become predictions."""
        return self._decode

    def predict(self, raw: Any, sure: float | None = None) -> Prediction:
        """Return the prediction for one input.

        Args:
            raw: for photos a path, the bytes of a file, anything with `read` and `seek`, a Pillow image, or an array: uint8
                or float 0..1 of shape [H,W], [H,W,1], [H,W,3] or [H,W,4]. For rows a mapping, or a DataFrame of one row.
            sure: the level, 0..1, at which to be sure: where other labels cannot be ruled out, answers as uncertain were more
                often wrong, or the input looks unlike anything in the training set, label and index are None, and `.reason`
                says why. For numbers, the level of `.interval`. None: always answer.

        Raises:
            DataError: if the input cannot be read; it names the file. For photos it is a PhotoError.
            ArgumentError: if `sure` asks for more than the program's held-out items support; it says how many would be needed.
        """
        if sure is not None:
            check_sure(self.certainty, self.task, sure)
        array, placement = self._prepare(raw)
        (row,) = self._computed(self.engine, array[None])  # [H,W,C] -> [1,H,W,C] -> [1,K] -> [K]
        return self._decoded(row, placement, sure)

    @overload
    def predict_batch(
        self,
        many: Iterable[Any],
        batch_size: int | None = None,
        on_error: Literal["raise"] = "raise",
        sure: float | None = None,
    ) -> list[Prediction]: ...

    @overload
    def predict_batch(
        self,
        many: Iterable[Any],
        batch_size: int | None = None,
        *,
        on_error: OnError,
        sure: float | None = None,
    ) -> list[Prediction | DataError | None]: ...

    def predict_batch(
        self,
        many: Iterable[Any],
        batch_size: int | None = None,
        on_error: OnError = "raise",
        sure: float | None = None,
    ) -> Any:
        """Return the predictions for many inputs, in order. Faster than a loop: inputs are read and computed side by side.

        Args:
            many: inputs as `predict` takes them.
            batch_size: the number of inputs computed at once. None for what takes the least time, which is tried with the
                first inputs: rows of tables in batches, say; photos are always computed one by one. It does not change the answers, but for the
                rounding of float32.
            on_error: what to do with an input that cannot be read: "raise", "skip" (its result is None) or "return" (its
                result is the DataError).
            sure: see `predict`.

        Raises:
            DataError: if one cannot be read and `on_error` is "raise"; it names the file and its position in `many`.
            ArgumentError: see `predict`.
        """
        return list(self.predict_stream(many, batch_size, on_error, sure))

    def predict_stream(
        self,
        many: Iterable[Any],
        batch_size: int | None = None,
        on_error: OnError = "raise",
        sure: float | None = None,
    ) -> Iterator[Prediction | DataError | None]:
        """Yield the predictions for many inputs one by one, for more inputs than fit in memory. See `predict_batch`."""
        if sure is not None:
            check_sure(self.certainty, self.task, sure)
        if batch_size is not None:
            check_count("batch_size", batch_size, 1)
        check_choice("on_error", on_error, ON_ERROR)
        if batch_size is not None:
            return self._stream(enumerate(self._each(many)), batch_size, on_error, sure)
        pace = Pace(1) if self.preprocess.reads_files else Pace()
        return side_by_side(
            enumerate(self._each(many)),
            partial(self._chunk, Timer(pace), on_error, sure),
            pace,
            self._many.workers,
        )

    def predict_together(
        self, some: Sequence[Any], on_error: OnError = "raise", sure: float | None = None
    ) -> list[Prediction | DataError | None]:
        """Return the predictions for a few inputs, computed as one batch in the calling thread: for servers, which have their own threads.

        See `predict_batch` for the arguments and errors.
        """
        if sure is not None:
            check_sure(self.certainty, self.task, sure)
        check_choice("on_error", on_error, ON_ERROR)
        ready = self._read_together(list(enumerate(some)), on_error)
        return list(self._answers(ready, on_error, sure, self._run))

    def shift(self, batch: Iterable[Any], looks: int = 100) -> Shift:
        """Test whether a whole batch of inputs has drifted from the data that the program was made with.

        Args:
            batch: inputs as `predict` takes them, or predictions of this program. Where the inputs are rows, cells that are empty and
                never were in training count, too; predictions do not know them.
            looks: how many batches are looked at in all; the more, the stronger the evidence that each needs.

        Returns:
            The effect with its interval, in words and numbers; `.drifted` says whether it is certain.

        Raises:
            ArgumentError: if the program does not know what its training inputs looked like, the batch is too small, or the predictions
                are another program's.
            DataError: if an input cannot be read.
        """
        check_count("looks", looks, 1)
        if self.certainty.novelty is None:
            raise ArgumentError(NO_FEATURES, remedy=TO_KNOW)
        answers = ready_predictions(items := list(self._each(batch)), self.certainty.novelty)
        if answers is not None:
            return self.certainty.shift_of(answers, looks)
        found = self.predict_batch(items)
        return self.certainty.shift_of(found, looks, unexpected_gaps(self.preprocess.reader, items))

    def _each(self, many: Iterable[Any]) -> Iterable[Any]:
        return each_input(many, photos=self.preprocess.config[0]["op"] == "read_photo")

    def _chunk(
        self, timer: Timer, on_error: OnError, sure: float | None, chunk: list[tuple[int, Any]]
    ) -> list[Prediction | DataError | None]:
        """Return the answers for some (number, input)."""
        ready = self._read_together(chunk, on_error)
        engine = self._many.engine(chunk[-1][0]) or self.engine
        rows = self._answers(ready, on_error, sure, lambda arrays: timer(lambda: self._run(arrays, engine)))
        return list(rows)

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
        self, items: Iterator[tuple[int, Any]], batch_size: int, on_error: OnError, sure: float | None
    ) -> Iterator[Prediction | DataError | None]:
        pool = ThreadPoolExecutor(max_workers=min(MOST_THREADS, usable_processors()))
        # One batch is read while the one before it is computed.
        waiting: deque[Callable[[], Prepared | DataError]] = deque()
        try:
            for number, raw in islice(items, batch_size):
                waiting.append(started(pool, self._read, number, held(raw), on_error))
            while waiting:
                ready = [waiting.popleft()() for _ in range(min(batch_size, len(waiting)))]
                for number, raw in islice(items, len(ready)):
                    waiting.append(started(pool, self._read, number, held(raw), on_error))
                yield from self._answers(ready, on_error, sure, self._run)
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
                return as_value(err)
            raise type(err)(
                f"item {number} of the batch: {err.problem}",
                got=err.got, expected=err.expected, remedy='Pass on_error="skip" to skip such inputs.',
            ) from err  # fmt: skip

    def _read_together(
        self, chunk: Sequence[tuple[int, Any]], on_error: OnError
    ) -> list[Prepared | DataError]:
        """Read some (number, input). Rows of a table are read column by column, in a fifth of the time."""
        if self._read_rows is not None and len(chunk) > 1:
            # where one cannot be read, each is read alone, which says which one that is
            with contextlib.suppress(DataError):
                return [(row, None) for row in self._read_rows([one_input(raw) for _, raw in chunk])]
        return [self._read(number, raw, on_error) for number, raw in chunk]

    def _answers(
        self,
        ready: list[Prepared | DataError],
        on_error: OnError,
        sure: float | None,
        run: Callable[[list[np.ndarray]], list[Row]],
    ) -> Iterator[Prediction | DataError | None]:
        arrays = [item[0] for item in ready if not isinstance(item, DataError)]
        rows = iter(run(arrays))
        for item in ready:
            if not isinstance(item, DataError):
                yield self._decoded(next(rows), item[1], sure)
            else:
                yield item if on_error == "return" else None

    def _run(self, arrays: list[np.ndarray], engine: Engine | None = None) -> list[Row]:
        """Return one row for each input; computed together if they have the same shape."""
        computing, pad = engine or self.engine, self.preprocess.pad
        if pad is None and len({array.shape for array in arrays}) > 1:
            return [self._computed(computing, array[None])[0] for array in arrays]
        return self._computed(computing, stack_arrays(arrays, pad)) if arrays else []  # n x [...] -> [N,...]

    def _computed(self, engine: Engine, batch: np.ndarray) -> list[Row]:
        """Return one row for each input of a batch, [N,...]."""
        if self.certainty.novelty is None:
            return [(output, None) for output in engine.run(batch)]
        outputs, features = engine.run_with_features(batch)
        found = check_features(features, len(batch), self.certainty)
        return list(zip(outputs, found, strict=True))

    def _decoded(self, row: Row, placement: Placement | None, sure: float | None) -> Prediction:
        answer = self._decode(row[0], placement)
        answer.certainty, answer.features = self.certainty, row[1]
        return answer if sure is None else answer.at(sure)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(load_program, self.info["sha256"], self.opened)

    def __repr__(self) -> str:
        labels = f", {len(self.vocab)} labels" if self.vocab else ""
        return f"Program({self.info['path']!r}: {self.task}{labels}, {self.engine.name})"
