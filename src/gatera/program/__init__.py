"""The using half: what a trained program does to raw input, the file it lives in, and the engines that compute it.

    raw input -> preprocess -> engine -> decode -> Prediction(label, index, probabilities)

Reading order: `photo` and `resize` (one photo), `preprocess` (a list of such steps as data), `archive` and `package` (the
file; `onnx_wire` looks into the model in it), `engines` (ONNX Runtime, OpenVINO), `prediction` (the answer), `description`
(program.json, checked), `program` (all of it put together: `load_program(path).predict(photo)`).

Training wraps the same functions, so that it and deployment cannot disagree about what a photo is. Nothing in here imports
PyTorch, nor anything of ours but `core.errors`, `core.checks`, `core.files`.
"""
