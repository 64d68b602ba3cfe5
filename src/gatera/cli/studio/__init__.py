"""The command `gatera studio`."""
