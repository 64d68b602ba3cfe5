"""Find, download, read and fit pretrained weights.

Read `find` first: it looks at an explicit file, the local cache, weights shipped as Python packages, then the hub. `text`
does the same for encoders of text. `files` reads .pth and .safetensors without pickle, `fit` matches names and shapes.
"""
