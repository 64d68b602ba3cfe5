"""Everything for sound: `from gatera.audio.all import *` gives loaders of recordings, and the vision learner.

It also exports the third-party names that notebooks expect; `pd` and `plt` are imported on first use.
"""

import gatera.with_torch  # isort: skip # noqa: F401 - names the extra, before any import needs torch


from gatera.audio.augment import SpectrogramMask, SpectrogramShift
from gatera.audio.block import AudioBlock
from gatera.audio.data import AudioDataLoaders, get_audio_files
from gatera.notebook_names import *  # noqa: F403 - a face brings every common name
from gatera.notebook_names import __all__ as _common
from gatera.program.raw.sound import Sound, load_sound
from gatera.vision.model_names import *  # noqa: F403
from gatera.vision.model_names import __all__ as _models

# fmt: off
__all__ = [
    "AudioBlock", "AudioDataLoaders", "Sound", "SpectrogramMask", "SpectrogramShift", "get_audio_files",
    "load_sound",
]
__all__ += _common
__all__ += _models
# fmt: on
