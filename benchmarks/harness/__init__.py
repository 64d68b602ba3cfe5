"""Code shared by all benchmarks. It imports only the standard library.

The runner must stay small: on Linux the peak memory of a child process counts from the peak of the process that started it.
"""
