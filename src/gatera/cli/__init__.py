"""The command line: `main` finds the verb, one file per verb does what it says, `output` writes errors and parses options.

The verbs of the using half (`predict`, `info`) parse their options with argparse: typer, with the pydantic behind it, costs
100 ms and 20 MB, which is a third of the whole time to an answer.
"""
