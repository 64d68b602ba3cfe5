"""Labels with their source, where they are kept. Read `table` first (labels.csv), then `place` (a folder or a data repository)."""
