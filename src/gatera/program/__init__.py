"""Use a trained program: preprocess raw input, compute the model, decode its output into a `Prediction`.

    raw input -> preprocess -> engine -> decode -> Prediction(label, index, probabilities)

Read `program` first (`load_program(path).predict(photo)`), then `preprocess` and its table `operations`, `engines`, and `decode`
with its table `tasks`. The file: `archive` (the zip), `package` (its entries), `description` (program.json), `network` (the check
of the model). `placing` maps masks and points back to the photo. `raw` reads photos, sounds, texts and rows; `tables`
reads CSV files.

Training calls the same functions, so training and deployment cannot differ. Nothing in here imports PyTorch or pandas, and
of our own packages only `core`.
"""
