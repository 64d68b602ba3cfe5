"""Computer vision: loaders and learners for classifying photos, segmenting them, and finding points in them.

Read `learner` first (`vision_learner`), then `data` (`ImageDataLoaders`). `segmentation` and `unet` are the same pair for
masks; `program_head` continues training from a `.gatera` program.

In: folders, tables or lists of photos. Out: `DataLoaders`, and a `Learner` that exports programs. `gatera.vision.all` has
every name for a star import.
"""
