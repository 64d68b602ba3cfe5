"""Find, download, read and load pretrained weights.

Read `find` first: it tries an explicit file, the local cache, Python packages that contain weights, then the Hugging Face hub.
`text` does the same for text encoders. `files` reads .pth and .safetensors without pickle, `fit` matches names and shapes,
`hub` downloads, `efficientnet_lite` converts names.
"""
