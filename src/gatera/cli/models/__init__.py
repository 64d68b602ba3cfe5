"""The commands of the registry of programs; their options: `cli/commands/models.py`."""
