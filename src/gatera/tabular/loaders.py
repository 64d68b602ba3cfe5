"""`TableLoaders`: loaders of a table of categories and numbers."""

from __future__ import annotations

from gatera.data.loading.row_loaders import RowLoaders
from gatera.tabular.block import RowBlock


class TableLoaders(RowLoaders):
    """The loaders of a table of categories and numbers; see `RowLoaders`."""

    @property
    def block(self) -> RowBlock:
        """How rows are read: what was learned of the columns."""
        block = self.train_ds.fields.x
        assert isinstance(block, RowBlock)  # for the type checker
        return block

    @property
    def cont_names(self) -> list[str]:
        """The number columns; of dates their parts."""
        return self.block.number_names
