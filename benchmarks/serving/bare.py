"""The bare program in a process of its own: its best rate and its memory. Prints JSON."""

from __future__ import annotations

import csv
import json
import statistics
import sys
import time
import warnings
from pathlib import Path

import serving.servers as servers
from gatera.program.program import load_program

warnings.simplefilter("ignore")
program_file, source, seconds = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
program = load_program(program_file, threads=1)
if source.is_dir():
    inputs = [path.read_bytes() for path in sorted(source.rglob("*.jpg"))[:64]]
else:
    with source.open(newline="") as file:
        inputs = (list(csv.DictReader(file)) * 2)[:1000]
program.predict(inputs[0])
alone = []
for raw in inputs[:64]:
    start = time.perf_counter()
    program.predict(raw)
    alone.append(time.perf_counter() - start)
rates = []
end = time.perf_counter() + seconds
while time.perf_counter() < end:
    start = time.perf_counter()
    program.predict_batch(inputs)
    rates.append(len(inputs) / (time.perf_counter() - start))
memory = servers.memory_mb(__import__("os").getpid())
print(json.dumps({"alone": statistics.median(alone), "rate": max(rates), "memory": memory}))
