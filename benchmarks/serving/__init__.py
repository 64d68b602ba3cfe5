"""What the benchmarks of `gatera serve` share."""
