"""Read the batches of a loader.

A loader picks one of two readers, by the storage of its input block: `disk.DiskReader` reads items in threads, again in every
epoch; `memory.MemoryReader` takes encoded inputs from memory. Both have one method, `batches(indices, epoch)`.
Read `disk` first; `items` is what its threads do, `targets` reads masks and points, `buffer` is the memory of a batch.
"""
