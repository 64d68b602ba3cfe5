"""Everything for sound, for `from gatera.audio.all import *`: recordings as pictures, and the learner that looks at them.

With them come the few names of others that notebooks count on; `pd` and `plt` are imported when they are first used.
"""

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
