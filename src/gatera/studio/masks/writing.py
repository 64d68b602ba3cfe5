"""The end of a session with masks: drawings take the place of the files, which are kept."""

from __future__ import annotations

from pathlib import Path

from gatera.core.checks import counted
from gatera.core.errors import DataError
from gatera.studio.desk.desk import Desk
from gatera.studio.masks.differing import is_stale
from gatera.studio.masks.drawn import Drawings, drawn_of, replace_mask
from gatera.studio.masks.found import MaskFiles


class Writing:
    """Masks that a person leaves.

    Args:
        masks: the masks of the folder.
        drawings: what people drew.
        by: the person.
        kept: the folder that gets the old files.

    Attributes:
        replaced: how many files there are now that were drawn; added: how many of them are new.
    """

    def __init__(self, masks: MaskFiles, drawings: Drawings, by: str, kept: Path) -> None:
        self._masks, self._drawings, self._by, self._kept = masks, drawings, by, kept
        self.replaced = self.added = 0

    def cells(self, desk: Desk, name: str, disputed: list[str]) -> dict[str, str]:
        """Write the mask of a photo; returns what masks.csv says of it, nothing where it says nothing new.

        Raises:
            DataError: if it cannot be written; the old file is then where it was.
        """
        said = desk.said["mask"].get(name)
        drawn = None if said is None else drawn_of(said.value)
        if said is None or drawn is None:
            return {}
        mask = self._masks.masks[name]
        now = self._masks.stamp(name)
        if is_stale(drawn, now):
            disputed.append(name)
            return {}
        if drawn.file and now != drawn.file.removesuffix(".png"):
            try:
                new = replace_mask(
                    mask, self._drawings.path(self._by, drawn.file), self._kept / self._masks.name_of(mask)
                )
            except OSError as err:
                raise DataError(
                    f"the mask {mask} cannot be written ({err.strerror})",
                    remedy="It is unchanged, and what was drawn stays in the journal. Free some disk space, or make it writable, then finish again.",
                ) from err
            self._masks.masks[name] = new
            self.replaced += bool(now)
            self.added += not now
        return {
            "label": self._masks.name_of(self._masks.masks[name]), "source": "", "by": self._by, "at": said.at,
            "seconds": f"{said.seconds:.1f}", **({"note": f"proposed by {drawn.guess}"} if drawn.guess else {}),
        }  # fmt: skip

    def sentence(self) -> str:
        """Say what was written, and where the old files are."""
        parts = []
        if self.added:
            parts.append(f"{counted(self.added, 'new mask')}.")
        if self.replaced:
            parts.append(f"{counted(self.replaced, 'mask')} replaced; the old ones are in {self._kept}.")
        return " ".join(parts)

    def tidy(self, desk: Desk) -> None:
        """Remove drawings that are in their places now."""
        said = (drawn_of(each.value) for each in desk.said["mask"].values())
        self._drawings.tidy(self._by, {drawn.file for drawn in said if drawn is not None})
