"""Mutations of program files, and what must hold for each: see benchmarks/fuzz.py."""
