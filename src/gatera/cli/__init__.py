"""The command `gatera`. It may import every other room; no other room imports it.

Read `commands` first: every command and option is data there, `parser`, `help`, `completion_scripts` and the tests of
docs/command-line.md read it, and nothing else is written down twice. `train_options` makes the options of `gatera train`
of the fields of `recipes.settings.TrainSettings`. `main` finds the command, parses, and only then imports what it runs:
`train`, `predict`, `info`, `completion`. `output` prints lines, JSON and errors, in the words of the command line
(`language`); `text` wraps and escapes; `terminal` knows width and colours; `table` and `card` lay out what they are named
after. Only numpy, Pillow and ONNX Runtime are needed, but for `train`.
"""
