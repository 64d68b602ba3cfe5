from __future__ import annotations

import importlib.util
import itertools
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import numpy as np
import pytest
from onnx import TensorProto, helper

from gatera.core.errors import ArgumentError, MissingExtraError, ProgramFileError
from gatera.core.threads import usable_processors
from gatera.program.engines import (
    ENGINES,
    EngineName,
    EngineSpec,
    OnnxRuntimeEngine,
    choose_engine,
    make_engine,
)

NAMES = ["onnxruntime", pytest.param("openvino", marks=pytest.mark.slow)]


@pytest.fixture(autouse=True)
def with_openvino(request):
    if "openvino" in request.node.name:
        pytest.importorskip("openvino")


def batch(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)


def one_node(op: str, domain: str = "", opset: int = 18) -> bytes:
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 3]) for name in ("input", "output")
    ]
    graph = helper.make_graph(
        [helper.make_node(op, ["input"], ["output"], domain=domain)], "g", values[:1], values[1:]
    )
    opsets = [
        helper.make_opsetid("", opset),
        helper.make_opsetid(domain or "ai.onnx", 1 if domain else opset),
    ]
    return helper.make_model(
        graph, opset_imports=opsets[: 2 if domain else 1], ir_version=10
    ).SerializeToString()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [1, 5])
def test_an_engine_computes_what_numpy_does(name, n, model_bytes):
    engine = make_engine(model_bytes, name)
    weights = np.array([[4, -4], [0, 0], [-4, 4]], np.float32)
    wanted = (batch(n) / np.float32(255)).mean(axis=(1, 2)) @ weights
    output = engine.run(batch(n))
    assert engine.name == name
    assert (output.shape, output.dtype) == ((n, 2), np.float32)
    assert output == pytest.approx(wanted, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "fast"])
def test_openvino_agrees_with_onnxruntime(precision, model_bytes):
    theirs = make_engine(model_bytes, "openvino", precision, threads=1).run(batch(3))
    ours = make_engine(model_bytes, "onnxruntime", precision, threads=1).run(batch(3))
    assert theirs == pytest.approx(ours, abs=1e-5 if precision == "float32" else 0.05)


@pytest.mark.parametrize("name", NAMES)
def test_several_threads_get_their_own_answers(name, model_bytes):
    engine = make_engine(model_bytes, name)
    wanted = [engine.run(batch(n)).copy() for n in range(1, 9)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            for ours, theirs in zip(pool.map(engine.run, map(batch, range(1, 9))), wanted):
                assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_does_not_change_afterwards(name, model_bytes):
    engine = make_engine(model_bytes, name)
    first = engine.run(batch(2))
    kept = first.copy()
    engine.run(batch(2) ^ 0xFF)
    assert np.array_equal(first, kept)


@pytest.mark.parametrize(("precision", "chosen"), [("float32", "onnxruntime"), ("fast", "openvino")])
def test_auto_is_openvino_only_for_fast_precision(precision, chosen, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert choose_engine("auto", precision) == chosen
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert choose_engine("auto", precision) == "onnxruntime"


def refusing(name: str):
    def refuses(model, precision, threads):
        raise ProgramFileError(f"{name} refuses model.onnx (it knows no LSTM)", remedy="Another.")

    return refuses


def test_onnxruntime_takes_the_place_of_an_engine_that_refuses_a_sound_model(monkeypatch, model_bytes):
    monkeypatch.setitem(ENGINES, "quick", EngineSpec(refusing("quick"), package="json", priority=9))
    with pytest.warns(UserWarning) as said:
        engine = make_engine(model_bytes)
    assert engine.name == "onnxruntime" and engine.run(batch(1)).shape == (1, 2)
    assert [str(one.message) for one in said] == [
        "quick refuses model.onnx (it knows no LSTM): onnxruntime computes instead."
    ]
    with pytest.raises(ProgramFileError, match="quick refuses"):
        make_engine(model_bytes, "quick")  # the user's own choice
    with pytest.raises(ProgramFileError, match="onnxruntime refuses"):
        make_engine(b"rubbish")


def test_a_negative_priority_is_never_chosen(monkeypatch):
    monkeypatch.setitem(ENGINES, "mine", EngineSpec(refusing("mine"), package="json", priority=-1, fast=True))
    assert choose_engine("auto") == "onnxruntime"
    assert choose_engine("auto", "fast") != "mine"


@pytest.mark.slow
def test_ctrl_c_after_engines_were_freed(model_bytes, tmp_path):
    """A core that is freed before a later one left a dead stack for signals behind, and Ctrl-C ended in a segmentation fault."""
    (tmp_path / "model.onnx").write_bytes(model_bytes)
    script = """
import faulthandler, os, pathlib, signal, sys, time
from gatera.program.engines import make_engine

signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background begin with it ignored
faulthandler.enable()  # as pytest and many servers do: handlers then run on the stack for signals
model = pathlib.Path(sys.argv[1]).read_bytes()
engines = [make_engine(model, "openvino") for _ in range(3)]
while engines:
    del engines[0]
try:
    os.kill(os.getpid(), signal.SIGINT)
    while True:  # another thread may take the signal, which would not end a longer wait of this one
        time.sleep(0.1)
except KeyboardInterrupt:
    print("stopped")
"""
    run = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "model.onnx"], capture_output=True, text=True, timeout=120
    )
    assert (run.stdout, run.returncode) == ("stopped\n", 0), run.stderr


@pytest.mark.slow
def test_the_first_inferences_of_a_process_may_be_in_several_threads(model_bytes, tmp_path):
    """OpenVINO filled tables at its first inference: two at once waited for each other for ever, in half of all processes."""
    pytest.importorskip("openvino")
    (tmp_path / "model.onnx").write_bytes(model_bytes)
    script = """
import os, pathlib, sys, threading
import numpy as np
from gatera.program.engines import make_engine

sys.setswitchinterval(1e-6)  # what is rare otherwise
model, ready, done = pathlib.Path(sys.argv[1]).read_bytes(), threading.Barrier(8), []

def answer():
    ready.wait()
    done.append(make_engine(model, "openvino").run(np.zeros((2, 8, 8, 3), np.uint8)))

threads = [threading.Thread(target=answer, daemon=True) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(20)
os._exit(0 if len(done) == 8 else 3)  # a thread that waits for ever would not let it end
"""
    for _ in range(3):
        run = subprocess.run(
            [sys.executable, "-c", script, tmp_path / "model.onnx"],
            timeout=120,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="homes are named otherwise")
def test_nobody_is_told_that_openvino_is_used(model_bytes, tmp_path):
    """OpenVINO's package told Google Analytics at its import, under a number that it keeps in the home folder."""
    pytest.importorskip("openvino")
    (home := tmp_path / "home").mkdir()
    (tmp_path / "model.onnx").write_bytes(model_bytes)
    script = """
import pathlib, sys
from gatera.program.engines import make_engine

make_engine(pathlib.Path(sys.argv[1]).read_bytes(), "openvino")
import openvino_telemetry  # whoever wants it has it afterwards
"""
    told = {
        name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD", "JENKINS_URL")
    }
    line = [sys.executable, "-c", script, tmp_path / "model.onnx"]
    subprocess.run(line, env={**told, "HOME": str(home)}, check=True, timeout=120)
    assert list(home.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="homes are named otherwise")
def test_nobody_is_told_that_onnxruntime_is_used(model_bytes, tmp_path):
    """From 1.29 on it tells Microsoft, under a number that it keeps in the home folder."""
    (home := tmp_path / "home").mkdir()
    (tmp_path / "model.onnx").write_bytes(model_bytes)
    script = """
import os, pathlib, sys
from gatera.program.engines import UNTOLD, make_engine

make_engine(pathlib.Path(sys.argv[1]).read_bytes(), "onnxruntime")
assert UNTOLD not in os.environ  # of others, nothing is decided
"""
    told = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH")}
    line = [sys.executable, "-c", script, tmp_path / "model.onnx"]
    subprocess.run(line, env={**told, "HOME": str(home)}, check=True, timeout=120)
    assert list(home.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_copy_of_the_process_answers_and_exits(model_bytes, tmp_path):
    """As a preloaded worker of a web server does: it freed an engine whose threads it does not have, and waited for them for ever."""
    (tmp_path / "model.onnx").write_bytes(model_bytes)
    script = """
import os, pathlib, sys
import numpy as np
from gatera.program.engines import make_engine

photo = np.zeros((1, 8, 8, 3), np.uint8)
engine, short = (make_engine(pathlib.Path(sys.argv[1]).read_bytes(), threads=4) for _ in range(2))
before = engine.run(photo)
if os.fork() == 0:
    del short
    sys.exit(int((engine.run(photo) != before).any()))  # not os._exit: Python frees what it has
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
    line = [sys.executable, "-W", "ignore", "-c", script, tmp_path / "model.onnx"]
    assert subprocess.run(line, timeout=60, check=False).returncode == 0


def test_openvino_with_one_thread_computes_side_by_side(model_bytes):
    openvino = pytest.importorskip("openvino")
    compiled = make_engine(model_bytes, "openvino", threads=1)._compiled
    assert compiled.get_property("NUM_STREAMS") == usable_processors()
    assert openvino is not None


def test_auto_passes_over_an_engine_without_the_operators(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert choose_engine("auto", b"... ai.onnx.ml ...") == "onnxruntime"
    assert choose_engine("openvino", b"... ai.onnx.ml ...") == "openvino"  # as asked; it says that it refuses


class Doubling:
    """An engine of a third kind: twice the sum of each input."""

    name = "doubling"

    def __init__(self, model: bytes, precision: str, threads: int | None) -> None:
        self.made_with = (model, precision, threads)

    def run(self, batch: np.ndarray) -> np.ndarray:
        return 2 * batch.reshape(len(batch), -1).sum(1, keepdims=True)


def test_a_third_engine_is_one_row(monkeypatch, model_bytes):
    monkeypatch.setitem(ENGINES, "doubling", EngineSpec(Doubling, package="json", priority=9, fast=True))
    engine = make_engine(model_bytes, "auto", "fast", threads=2)
    assert engine.made_with == (model_bytes, "fast", 2)
    assert engine.run(np.ones((1, 2), np.float32)).tolist() == [[4.0]]
    assert refusal(b"rubbish").endswith(
        'Update it with: pip install -U onnxruntime. Or try engine="openvino" or engine="doubling".'
    )
    with pytest.raises(ArgumentError, match="one of auto, onnxruntime, openvino, doubling"):
        choose_engine("onnx")


def test_the_type_names_the_table():
    assert get_args(EngineName) == ("auto", *ENGINES)


def test_onnxruntime_keeps_no_second_copy_of_the_model(model_bytes):
    assert OnnxRuntimeEngine(model_bytes)._session._model_bytes is None


# ---- messages


def test_an_unknown_engine(model_bytes):
    with pytest.raises(ArgumentError) as err:
        make_engine(model_bytes, "onnx")
    assert str(err.value) == ("engine must be one of auto, onnxruntime, openvino. Got: 'onnx'.")


def test_an_unknown_precision(model_bytes):
    with pytest.raises(ArgumentError) as err:
        make_engine(model_bytes, precision="float16")
    assert str(err.value) == (
        "precision must be one of float32, fast. Got: 'float16'. Did you mean 'float32'?"
    )


def test_no_threads(model_bytes):
    with pytest.raises(ArgumentError) as err:
        make_engine(model_bytes, threads=0)
    assert str(err.value) == "threads must be at least 1. Got: 0."


def test_openvino_that_is_not_installed(model_bytes, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtraError) as err:
        make_engine(model_bytes, "openvino")
    assert str(err.value) == (
        'openvino is needed for engine="openvino" and could not be imported '
        '(import of openvino halted; None in sys.modules). Install it with: pip install "gatera[fast]"'
    )


def refusal(model: bytes, name: str = "onnxruntime") -> str:
    with pytest.raises(ProgramFileError) as err:
        make_engine(model, name)
    return str(err.value)


UPDATE = 'Update it with: pip install -U onnxruntime. Or try engine="openvino".'


def test_a_model_that_is_none(capfd):
    assert refusal(b"rubbish") == (
        "onnxruntime refuses model.onnx ([ONNXRuntimeError] : 7 : INVALID_PROTOBUF : "
        f"Failed to load model because protobuf parsing failed.). {UPDATE}"
    )
    assert capfd.readouterr() == ("", "")


def test_a_custom_operator():
    assert refusal(one_node("Foo", "com.evil")) == (
        "onnxruntime refuses model.onnx ([ONNXRuntimeError] : 1 : FAIL : "
        f"Fatal error: com.evil:Foo(-1) is not a registered function/op). {UPDATE}"
    )


def test_a_model_from_the_future():
    assert refusal(one_node("Relu", opset=99)).startswith("onnxruntime refuses model.onnx (")


def test_a_model_that_fails_while_it_computes_prints_nothing(capfd):
    values = [helper.make_tensor_value_info("input", TensorProto.UINT8, ["N", 8, 8, 3]),
              helper.make_tensor_value_info("output", TensorProto.UINT8, ["N", 2])]  # fmt: skip
    shape = helper.make_tensor("shape", TensorProto.INT64, [2], [7, 2])
    node = helper.make_node("Reshape", ["input", "shape"], ["output"])
    graph = helper.make_graph([node], "g", values[:1], values[1:], [shape])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    with pytest.raises(ProgramFileError, match=r"gives uint8 \[1, 8, 8, 3\], which model.onnx does not take"):
        OnnxRuntimeEngine(model.SerializeToString()).run(batch(1))
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited otherwise")
def test_too_little_memory_is_not_the_models_fault(tmp_path):
    """It was said that the preprocessing gives what the model does not take, or that the engine must be updated."""
    (tmp_path / "model.onnx").write_bytes(one_node("Relu"))
    script = """
import pathlib, resource, sys
import numpy as np
from gatera.program.engines import make_engine

engine, batch = make_engine(pathlib.Path(sys.argv[1]).read_bytes(), threads=1), np.zeros((20_000_000, 3), np.float32)
engine.run(batch[:1])
used = int(pathlib.Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_DATA, (used + 100_000_000,) * 2)
try:
    engine.run(batch)
except Exception as err:
    print(err)
"""
    line = [sys.executable, "-c", script, tmp_path / "model.onnx"]
    said = subprocess.run(line, timeout=60, check=False, capture_output=True, text=True).stdout
    assert said.startswith("there is too little memory to compute model.onnx ("), said


@pytest.mark.slow
def test_openvino_refuses_a_custom_operator():
    text = refusal(one_node("Foo", "com.evil"), "openvino")
    assert text.startswith("openvino refuses model.onnx (Exception from ")
    assert text.endswith('). Update it with: pip install -U openvino. Or try engine="onnxruntime".')


def mean_pool(pads: int, ceil: int, include: int) -> bytes:
    """A mean over windows of 3 in steps of 2."""
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 1, side, side])
        for name, side in (("input", 16), ("output", None))
    ]
    node = helper.make_node(
        "AveragePool", ["input"], ["output"], kernel_shape=[3, 3], strides=[2, 2], pads=[pads] * 4, ceil_mode=ceil, count_include_pad=include
    )  # fmt: skip
    graph = helper.make_graph([node], "g", values[:1], values[1:])
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=10
    ).SerializeToString()


@pytest.mark.slow
@pytest.mark.parametrize(("pads", "ceil", "include"), list(itertools.product((0, 1), repeat=3)))
def test_engines_agree_on_means_or_refuse_them(pads, ceil, include):
    x = np.random.default_rng(0).random((2, 1, 16, 16)).astype(np.float32)
    model = mean_pool(pads, ceil, include)
    wanted = make_engine(model, "onnxruntime").run(x)
    assert wanted.shape[-1] == 7 + (pads or ceil) + (pads and ceil)
    if pads and ceil and include:
        assert "computes AveragePool with ceil_mode and count_include_pad otherwise" in refusal(
            model, "openvino"
        )
        with pytest.warns(UserWarning, match="onnxruntime computes instead"):
            found = make_engine(model, "auto", "fast").run(x)
    else:
        found = make_engine(model, "openvino").run(x)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_with_two_outputs(name):
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 3]) for n in ("input", "a", "b")]
    nodes = [helper.make_node("Relu", ["input"], [out]) for out in ("a", "b")]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    assert refusal(model.SerializeToString(), name) == (
        "model.onnx has 1 inputs and 2 outputs. Expected: one of each."
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_input_that_does_not_fit(name, model_bytes):
    engine = make_engine(model_bytes, name)
    with pytest.raises(ProgramFileError) as err:
        engine.run(np.zeros((1, 9, 9, 3), np.uint8))
    assert str(err.value).startswith(
        "the preprocessing gives uint8 [1, 9, 9, 3], which model.onnx does not take ("
    )
