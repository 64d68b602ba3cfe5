"""The using half: what a trained program does to raw input, the file it lives in, and the engines that compute it.

    raw input -> preprocess -> engine -> decode -> Prediction(label, index, probabilities)

Reading order: `photo` (one photo, read and resized), `preprocess` (a list of such steps as data), `package` (the file),
`engines` (ONNX Runtime, OpenVINO), `prediction` (logits to an answer), `description` (program.json, checked), `program`
(all of it put together: `load_program(path).predict(photo)`).

Training wraps the same functions, so that it and deployment cannot disagree about what a photo is. Nothing in here imports
PyTorch, nor anything of ours but `core.errors`, `core.checks`, `core.files`.
"""
