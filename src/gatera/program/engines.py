"""Engines compute a model: ONNX Runtime, which is always installed, and OpenVINO, which is faster in bf16.

In float32 ONNX Runtime was the faster one on every processor measured (EfficientNet-Lite0, one photo: 7.6 against 9.3 ms, 10.6
against 12.5 ms), takes less memory and starts sooner. A new engine is a class and a row of `ENGINES`. Engines compute in float32 unless told otherwise, so that a program gives the
same probabilities wherever it runs, but for calibration the learner's.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np

from gatera.core.checks import check_choice, check_count, require
from gatera.core.errors import ProgramFileError, lacks_memory, shorten
from gatera.core.threads import never_freed_in_copies, usable_processors
from gatera.program.network.wire import with_output

if TYPE_CHECKING:
    import openvino

EngineName = Literal["auto", "onnxruntime", "openvino"]
EnginePrecision = Literal["float32", "fast"]
PRECISIONS = ("float32", "fast")


#: What a model gives for a batch: its output, float32 [N,...], and features, float32 [N,D], or None if none were asked for.
Computed = tuple[np.ndarray, np.ndarray | None]


class Engine(Protocol):
    """Computes a model. It may be called from several threads at once."""

    @property
    def name(self) -> str:
        """Its name in `ENGINES`."""
        ...

    def run(self, batch: np.ndarray) -> np.ndarray:
        """Compute the model's output, float32 [N,K], for a batch of N inputs, e.g. uint8 [N,H,W,C].

        Raises:
            ProgramFileError: if the model does not take such a batch.
        """
        ...

    def run_with_features(self, batch: np.ndarray) -> Computed:
        """Compute the output and, if the engine was made with the name of a tensor, that tensor.

        Raises:
            ProgramFileError: if the model does not take such a batch.
        """
        ...


class EngineSpec(NamedTuple):
    """One engine.

    Attributes:
        make: makes it from (the model's bytes, precision, threads), and the name of the features where there are any.
        package: the package that must be importable.
        priority: "auto" takes the installed engine with the highest that has the model's operators.
        fast: whether precision "fast" makes a difference to it; with that, "auto" prefers such engines.
        lacks: domains of operators that it does not have, as they are written in a model.
    """

    make: Callable[..., Engine]
    package: str
    priority: int
    fast: bool = False
    lacks: tuple[bytes, ...] = ()

    @property
    def installed(self) -> bool:
        """Whether its package can be imported."""
        return importlib.util.find_spec(self.package) is not None


def make_engine(
    model: bytes,
    name: EngineName = "auto",
    precision: EnginePrecision = "float32",
    threads: int | None = None,
    features: str | None = None,
) -> Engine:
    """Make an engine for an ONNX model with one input and one output.

    Args:
        model: the bytes of the model.
        name: "onnxruntime", "openvino", or "auto": ONNX Runtime, and for precision "fast" OpenVINO if it is installed and has
            the model's operators, which it does not for boosted trees. If that one refuses the model, ONNX Runtime takes its
            place, with a warning.
        precision: "float32", or "fast": the quickest the processor has (bf16 shifts probabilities by up to 5e-3).
        threads: the number of threads that compute one batch; None leaves it to the engine (one per core). Several batches may
            be computed side by side.
        features: the name of a tensor inside the model that `run_with_features` gives, too; None for none.

    Raises:
        ArgumentError: if a choice is unknown or `threads` is below 1.
        MissingExtraError: if the engine is named and not installed.
        ProgramFileError: if the engine refuses the model: damaged, too new for it, or with unknown operators.
    """
    check_choice("precision", precision, PRECISIONS)
    if threads is not None:
        check_count("threads", threads, 1)
    chosen = choose_engine(name, precision, model)
    wanted = (model, precision, threads, *([] if features is None else [features]))
    try:
        return ENGINES[chosen].make(*wanted)
    except ProgramFileError as err:
        if name != "auto" or chosen == LAST:
            raise
        engine = ENGINES[LAST].make(*wanted)  # raises in its turn where the model is to blame
        warnings.warn(f"{err.problem}: {LAST} computes instead.", stacklevel=2)
        return engine


def choose_engine(
    name: EngineName = "auto", precision: EnginePrecision = "float32", model: bytes = b""
) -> str:
    """Return the engine that a name means: for "auto" the installed one with the highest priority that can run the model.

    Example:
        >>> choose_engine("onnxruntime")
        'onnxruntime'
    """
    check_choice("engine", name, ("auto", *ENGINES))
    if name != "auto":
        return name
    installed = [each for each in ENGINES if ENGINES[each].installed and ENGINES[each].priority >= 0]
    best_first = sorted(
        installed, key=lambda each: (precision == "fast" and ENGINES[each].fast, ENGINES[each].priority), reverse=True
    )  # fmt: skip
    # the model, which may be large, is searched only for an engine that would be taken
    return next((each for each in best_first if not any(d in model for d in ENGINES[each].lacks)), LAST)


class OnnxRuntimeEngine:
    """Computes on ONNX Runtime, always in float32.

    The session options were chosen by measurement (EfficientNet-Lite0, 2 cores):

    - All graph optimisations: making the session takes 37 ms instead of 25, but the first prediction takes 15 ms instead of 32,
      and the next ones 3.7 ms instead of 12.
    - The memory arena stays on: with it the process peaked at 117 MB, without it at 117 to 175 MB, at the same speed.
    - Threads keep spinning between calls: 3.7 ms per photo instead of 4.9.
    """

    name = "onnxruntime"

    def __init__(
        self,
        model: bytes,
        precision: EnginePrecision = "float32",
        threads: int | None = None,
        features: str | None = None,
    ) -> None:
        onnxruntime = _started_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 4  # errors are raised and not printed
        if threads is not None:
            options.intra_op_num_threads = threads
        self._errors = _onnxruntime_errors()
        try:
            self._session = onnxruntime.InferenceSession(
                model if features is None else with_output(model, features),
                options,
                providers=["CPUExecutionProvider"],
            )
        except self._errors as err:
            raise _refused(self.name, err) from err
        # The session keeps the file's bytes to rebuild itself on other hardware, which doubles the memory of the weights.
        self._session._model_bytes = None
        never_freed_in_copies(self._session)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        _check_single(len(inputs), len(outputs) - (features is not None))
        self._input, self._outputs = inputs[0].name, [output.name for output in outputs]

    def run(self, batch: np.ndarray) -> np.ndarray:
        """Compute the output, float32 [N,K]."""
        return self._computed(self._outputs[:1], batch)[0]

    def run_with_features(self, batch: np.ndarray) -> Computed:
        """Compute the output, float32 [N,K], and the features, float32 [N,D] or None."""
        output, *features = self._computed(self._outputs, batch)
        return output, features[0] if features else None

    def _computed(self, names: list[str], batch: np.ndarray) -> list[np.ndarray]:
        try:
            return self._session.run(names, {self._input: batch})
        except self._errors as err:
            raise _does_not_fit(batch, err) from err


class OpenVinoEngine:
    """Computes on OpenVINO, in float32 unless `precision` is "fast".

    On processors with bf16, OpenVINO uses it by default: hence the hint. Starting takes 0.2 s longer than with ONNX Runtime
    (import 145, read 47, compile 55, first run 33 ms instead of 25, 37, 15). Compiled models are not cached on disk: that would save a tenth of the start, and leave files behind.
    """

    name = "openvino"

    def __init__(
        self,
        model: bytes,
        precision: EnginePrecision = "float32",
        threads: int | None = None,
        features: str | None = None,
    ) -> None:
        core = _openvino_core()
        # The other hint, THROUGHPUT, halves the speed at batch sizes 1 and 16.
        settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if precision == "float32":
            settings["INFERENCE_PRECISION_HINT"] = "f32"
        if threads is not None:
            # a stream computes one batch; as many as there are cores for may be in work
            streams = max(1, usable_processors() // threads)
            settings |= {"INFERENCE_NUM_THREADS": threads * streams, "NUM_STREAMS": streams}
        try:
            read = core.read_model(model if features is None else with_output(model, features))
            _check_single(len(read.inputs), len(read.outputs) - (features is not None))
            _check_means(read)
            self._compiled = core.compile_model(read, "CPU", settings)
        except RuntimeError as err:
            raise _refused(self.name, err) from err
        # A request holds the buffers of one run, so each thread has its own.
        self._requests = threading.local()

    def run(self, batch: np.ndarray) -> np.ndarray:
        """Compute the output, float32 [N,K]."""
        return self.run_with_features(batch)[0]

    def run_with_features(self, batch: np.ndarray) -> Computed:
        """Compute the output, float32 [N,K], and the features, float32 [N,D] or None."""
        try:
            found = self._request().infer({0: batch}, share_inputs=True)
        except (RuntimeError, ValueError) as err:
            raise _does_not_fit(batch, err) from err
        return found[0], found[1] if len(found) > 1 else None

    def _request(self) -> openvino.InferRequest:
        try:
            return self._requests.mine
        except AttributeError:
            self._requests.mine = self._compiled.create_infer_request()
            return self._requests.mine


#: The engines by name.
ENGINES: dict[str, EngineSpec] = {
    "onnxruntime": EngineSpec(OnnxRuntimeEngine, package="onnxruntime", priority=1),
    "openvino": EngineSpec(OpenVinoEngine, package="openvino", priority=0, fast=True, lacks=(b"ai.onnx.ml",)),
}

#: What "auto" falls back to: it is always installed, and every export is checked with it.
LAST = "onnxruntime"


#: Held while an engine starts: programs may be opened in several threads.
_STARTING = threading.Lock()

#: If this is set when ONNX Runtime is imported, it tells nobody that it is used.
UNTOLD = "ORT_DISABLE_TELEMETRY"


def _started_onnxruntime() -> ModuleType:
    """Import ONNX Runtime, without its telemetry.

    From 1.29 on it tells Microsoft which models somebody runs, keeps a number for that in the home folder, and has a thread for it, for which
    each process that is forked waits for ever when it exits (ONNX Runtime 1.32). Whoever imports it first, or sets the variable, decides.
    """
    with _STARTING:
        ours = UNTOLD not in os.environ and "onnxruntime" not in sys.modules
        if ours:
            os.environ[UNTOLD] = "1"
        try:
            import onnxruntime

            return onnxruntime
        finally:
            if ours:  # what this process starts decides for itself
                del os.environ[UNTOLD]


def _openvino_core() -> openvino.Core:
    """Return the one OpenVINO core of this process."""
    with _STARTING:
        with _unreported():
            require("openvino", "fast", 'for engine="openvino"')
        return _started_openvino()


@functools.cache
def _started_openvino() -> openvino.Core:
    """Start OpenVINO.

    Its Python package fills tables of element types at their first use, without giving up Python's lock while a thread waits for
    another to have done so: two first inferences at once then wait for each other for ever (OpenVINO 2026.4). So they are filled here.

    Each core gives the thread a stack for signals and, when it is freed, puts back the one it found, which may be that of a core
    freed earlier: the next Ctrl-C then ends the process with a segmentation fault (OpenVINO 2026.4). One core is never freed.
    """
    import openvino

    openvino.Type(openvino.Tensor(np.zeros(1, np.float32)).element_type.to_dtype())
    return openvino.Core()


@contextmanager
def _unreported() -> Iterator[None]:
    """Keep OpenVINO's package from telling Google Analytics, at its import, that somebody uses it, and from leaving a number for
    that in the home folder (OpenVINO 2026.4). It does without the package that does so where that cannot be imported.
    """
    reporter = "openvino_telemetry"
    if reporter in sys.modules:  # somebody else has imported it
        yield
        return
    sys.modules[reporter] = None  # type: ignore[assignment]  # so that importing it fails
    try:
        yield
    finally:
        del sys.modules[reporter]


def _onnxruntime_errors() -> tuple[type[Exception], ...]:
    # They have no common base class but Exception, and are not public.
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    return (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NotImplemented,
            state.RuntimeException, ValueError)  # fmt: skip


def _check_means(model: openvino.Model) -> None:
    """Raise RuntimeError if OpenVINO would compute a mean over a window otherwise than ONNX says.

    A window that rounding up has put beyond the padding counts what lies there (OpenVINO 2026.4), by up to half of the answer.
    """
    for operator in model.get_ops():
        if operator.get_type_name() == "AvgPool":
            given = operator.get_attributes()
            padded = any(given["pads_begin"]) or any(given["pads_end"])
            if padded and not given["exclude-pad"] and given["rounding_type"] != "floor":
                raise RuntimeError("it computes AveragePool with ceil_mode and count_include_pad otherwise")


def _check_single(inputs: int, outputs: int) -> None:
    if (inputs, outputs) != (1, 1):
        raise ProgramFileError(
            f"model.onnx has {inputs} inputs and {outputs} outputs", expected="one of each"
        )


def _refused(engine: str, err: Exception) -> ProgramFileError:
    if lacks_memory(err):
        return _too_little_memory(err)
    others = " or ".join(f'engine="{name}"' for name in ENGINES if name != engine)
    return ProgramFileError(
        f"{engine} refuses model.onnx ({_short(err)})",
        remedy=f"Update it with: pip install -U {ENGINES[engine].package}. Or try {others}.",
    )


def _does_not_fit(batch: np.ndarray, err: Exception) -> ProgramFileError:
    if lacks_memory(err):
        return _too_little_memory(err)
    return ProgramFileError(
        f"the preprocessing gives {batch.dtype} {list(batch.shape)}, which model.onnx does not take ({_short(err)})"
    )


def _too_little_memory(err: Exception) -> ProgramFileError:
    return ProgramFileError(
        f"there is too little memory to compute model.onnx ({_short(err)})",
        remedy="Give the process more (a container's limit, ulimit), or compute fewer inputs at once.",
    )


def _short(err: Exception) -> str:
    return shorten(" ".join(str(err).split()), 300)
