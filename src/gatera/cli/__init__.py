"""The command `gatera`. It may import every other room; no other room imports it.

Read `commands` first: every command and option is data there. `parser`, `help`, `completions/` and the tests of
docs/command-line.md read that table; `train_options` makes its part of the fields of `recipes.settings.TrainSettings`. `main`
finds the command, parses its options, and only then imports what it runs: `train`, `predict`, `info`, `completion`. `output`
prints lines, JSON and errors, the errors in the words of the command line (`language`); `terminal/` wraps and escapes text.
Only `train` needs more than the base install.
"""
