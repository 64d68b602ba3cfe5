"""Sound: recordings become spectrograms, which vision models classify.

Read `block` first (`AudioBlock`: a recording to a spectrogram), then `data` (`AudioDataLoaders`). `augment` has the transforms
for training. The learner is `vision_learner`.

In: folders, tables or lists of recordings. Out: `DataLoaders` of spectrograms. `gatera.audio.all` has every name for a star
import.
"""
