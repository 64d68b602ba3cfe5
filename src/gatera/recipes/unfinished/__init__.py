"""What a training run keeps until its program is written, so that the same call goes on after a stop, a crash or a full disk.

In: the settings and a prepared job. Out: the checkpoint to resume from, and one to write. Read `work` first.
"""
