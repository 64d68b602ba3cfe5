"""Create matplotlib figures outside pyplot's global state, and windows to show them in."""

from __future__ import annotations

import io
import re
import textwrap
import warnings
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gatera.core.checks import require
from gatera.core.escape import beside_units
from gatera.core.files import atomic_write
from gatera.core.progress import in_notebook, ipython_shell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

#: Dots per inch of pictures that are written to files and shown in notebooks.
DPI = 110

#: Characters of a name that figures show where there is room.
LONGEST_NAME = 40

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

#: The warning, shown once, where none is installed.
MISSING = (
    "Chinese, Japanese and Korean words are drawn as empty boxes in figures: no font that has them is installed. "
    "Install one, e.g. Noto Sans CJK (Debian, Ubuntu: fonts-noto-cjk)."
)


class Pictured(ABC):
    """A result with a picture: a notebook shows it by itself, `save` writes it to a file."""

    @abstractmethod
    def plot(self) -> Figure:
        """Draw the picture."""

    def save(self, path: str | Path, dpi: float = DPI) -> Path:
        """Write the picture to a file, e.g. a PNG; an existing file is overwritten. Returns the path.

        Args:
            path: the file; its suffix decides the format.
            dpi: dots per inch.
        """
        path = Path(path)
        with atomic_write(path) as partial:
            self.plot().savefig(partial, dpi=dpi, format=path.suffix.lstrip(".") or "png")
        return path

    def _repr_png_(self) -> bytes:
        """Return the picture as PNG, for notebooks."""
        return _png(self.plot(), DPI)


def _png(figure: Figure, dpi: float | Literal["figure"] = "figure") -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=dpi, format="png")
    return buffer.getvalue()


def new_figure(figsize: tuple[float, float], dpi: float | None = None) -> Figure:
    """Return an empty figure that `matplotlib.pyplot` does not keep alive.

    Args:
        figsize: width and height in inches.
        dpi: dots per inch; matplotlib's default if None.

    Raises:
        MissingExtraError: if matplotlib is not installed.
    """
    require("matplotlib", "train", "to plot")
    if in_notebook():
        _show_inline()
    return figure_class()(figsize=figsize, dpi=dpi, layout="constrained")


def wrapped_title(title: str, width: float) -> tuple[str, float]:
    """Return a title of 10 points in lines that fit a figure, and by how many inches the figure is higher for more than one."""
    text = textwrap.fill(beside_units(title), max(20, int(13 * width)))  # 13 characters in an inch
    return text, 0.17 * text.count("\n")


def drawn_name(name: object, most: int = LONGEST_NAME) -> str:
    """Return a name that comes from data as figures show it: in one line, and of a long one both ends, which tell it from others.

    Args:
        name: a class, a column, a word.
        most: characters that there is room for.

    Example:
        >>> drawn_name("scans of the left knee, patient 17", 20)
        'scans of th…tient 17'
    """
    text = " ".join(str(name).split()) or str(name)
    end = (most - 1) * 2 // 5 + 1
    return text if len(text) <= most else f"{text[: most - 1 - end]}…{text[-end:]}"


def drawn_names(names: Sequence[object], most: int = LONGEST_NAME) -> list[str]:
    """Return names as figures show them, each another: where both ends of long ones are the same, their place stands before them.

    Args:
        names: of classes or columns.
        most: characters that there is room for.

    Example:
        >>> drawn_names(["left knee, patient 17, first scan", "left knee, patient 18, first scan", "hip"], 16)
        ['1: left kn… scan', '2: left kn… scan', 'hip']
    """
    short = [drawn_name(name, most) for name in names]
    alike = Counter(short)
    for place, name in enumerate(names):
        if alike[short[place]] > 1 and "…" in short[place]:
            before = f"{place + 1}: "
            short[place] = before + drawn_name(name, most - len(before))
    return short


def named_legend(
    owner: Axes | Figure, handles: Sequence[Any], names: Sequence[object], **placed: Any
) -> Legend:
    """Draw a legend whose names come from data: any name is shown as it is written.

    matplotlib itself leaves out names that begin with "_", and reads what stands between two "$" as a formula.

    Args:
        owner: the axes or the figure.
        handles: what stands before each name.
        names: one for each.
        placed: options of matplotlib's `legend`.
    """
    legend = owner.legend(handles=handles, labels=[str(place) for place in range(len(names))], **placed)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_parse_math(False)
        text.set_text(str(name))
    return legend


def window_figure(figsize: tuple[float, float]) -> Figure | None:
    """Return an empty figure whose window `matplotlib.pyplot.show()` opens; None without a display.

    Args:
        figsize: width and height in inches.

    Raises:
        MissingExtraError: if matplotlib is not installed.
    """
    require("matplotlib", "train", "to plot")
    import matplotlib.pyplot as plt
    from matplotlib.backends import BackendFilter, backend_registry

    # Without a display matplotlib falls back to a backend that only writes files, unless the user chose one.
    if plt.get_backend().lower() in backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE):
        return None
    try:
        return plt.figure(figsize=figsize, layout="constrained", FigureClass=figure_class())
    except ImportError:  # the user's chosen backend needs a display, too
        return None


def _show_inline() -> None:
    """Let a notebook know how it shows figures, as the first figure of pyplot would: importing pyplot alone does not."""
    import matplotlib
    from matplotlib.backends import backend_registry

    backend = matplotlib.get_backend(auto_select=False)
    if backend is not None and "inline" in backend:
        backend_registry.load_backend_module(backend)


def _known_to_ipython(figure: type[Figure]) -> bool:
    """Whether IPython has been told how to show figures (by `%matplotlib inline`, for instance)."""
    shell = ipython_shell()
    return shell is not None and any(figure in each for each in shell.display_formatter.formatters.values())


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
        def _repr_png_(self) -> bytes | None:
            # for notebooks whose backend only writes files, as with MPLBACKEND=agg
            return None if _known_to_ipython(Figure) else _png(self)

        def __reduce__(self) -> tuple[Any, ...]:
            return _bare_figure, (), self.__getstate__()  # the class has no place where pickle finds it

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

    # notebooks and prompts show the name; experiment trackers know a figure by that of its module
    FigureOfAnyWords.__name__, FigureOfAnyWords.__module__ = Figure.__name__, Figure.__module__
    return FigureOfAnyWords


def _bare_figure() -> Figure:
    """Return a figure without anything, for a copy that is read."""
    kind = figure_class()
    return kind.__new__(kind)


@cache
def _say_once() -> None:
    warnings.warn(MISSING, stacklevel=2)
