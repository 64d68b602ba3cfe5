"""The middle layer of fastai in a plain form: transforms, pipelines, lists seen through them, and their loaders.

Read `transform` first, then `steps`, `pipeline`, `tfmd` and `loaders`; `texts` takes texts apart, and `blocks` has `DataBlock`,
`Resize` and `TextLearner` as notebooks call them.
"""
