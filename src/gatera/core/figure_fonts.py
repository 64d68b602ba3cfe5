"""Chinese, Japanese and Korean words in figures: by a font that is installed and has them, as matplotlib's own has none of their signs."""

from __future__ import annotations

import re
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Kana, Han, Hangul and full-width signs.
EAST_ASIAN = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
)

#: Fonts that have them, of Linux, macOS and Windows; those that have signs of all three languages come first.
FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans CJK TC", "Source Han Sans SC", "Source Han Sans",
    "Arial Unicode MS", "Droid Sans Fallback", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Noto Sans SC", "Noto Sans JP", "Noto Sans KR",
    "PingFang SC", "Hiragino Sans GB", "Heiti TC", "STHeiti", "Microsoft YaHei", "SimHei", "SimSun", "AR PL UMing CN",
    "Hiragino Sans", "Yu Gothic", "Meiryo", "MS Gothic", "IPAexGothic", "IPAGothic", "TakaoGothic", "VL Gothic",
    "Apple SD Gothic Neo", "AppleGothic", "Malgun Gothic", "NanumGothic", "UnDotum", "Baekmuk Dotum",
)  # fmt: skip

#: What is said once where none is installed.
MISSING = (
    "Chinese, Japanese and Korean words are drawn as empty boxes in figures: no font that has them is installed. "
    "Install one, e.g. Noto Sans CJK (Debian, Ubuntu: fonts-noto-cjk)."
)


@cache
def fonts_installed() -> tuple[str, ...]:
    """Return those of `FONTS` that matplotlib knows."""
    from matplotlib.font_manager import fontManager

    names = {font.name for font in fontManager.ttflist}
    return tuple(name for name in FONTS if name in names)


@cache
def figure_class() -> type[Figure]:
    """Return matplotlib's figure, whose words fall back on the fonts installed."""
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    class FigureOfAnyWords(Figure):
        def draw(self, renderer: Any) -> None:
            # only here are all words known: also those of ticks and legends
            texts = [text for text in self.findobj(Text) if EAST_ASIAN.search(text.get_text())]
            if not texts:
                return super().draw(renderer)
            for text in texts:
                own = text.get_fontfamily()
                text.set_fontfamily([*own, *(name for name in fonts_installed() if name not in own)])
            if fonts_installed():
                return super().draw(renderer)
            _say_once()
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Glyph .* missing from font")  # one line for each sign
                return super().draw(renderer)

    return FigureOfAnyWords


@cache
def _say_once() -> None:
    warnings.warn(MISSING, stacklevel=2)
