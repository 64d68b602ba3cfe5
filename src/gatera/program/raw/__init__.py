"""Read and prepare raw input: photos, sounds, texts and table rows become arrays.

Reading order: `photo`, `resize`, `placement`; `sound`, `spectrogram`; `text`, `tokens`; `cells`, `read_csv`, `row`.
In: a path, bytes, an open file or a value. Out: one numpy array, or a Pillow image of mode RGB or L. Training wraps
these same functions, so a learner and its exported program cannot disagree. numpy and Pillow only.
"""
