"""What every benchmark shares. Only the standard library is imported here.

The runner must stay small: on Linux the peak memory of a child process counts from the peak of the process that started it.
"""
