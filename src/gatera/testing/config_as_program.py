"""Read a component's `config`, pass it through JSON, and run it as a program would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from gatera.core.errors import ExportError
from gatera.program.preprocess import Preprocessing
from gatera.testing.contract import Contract, Rule, described

Op = dict[str, Any]


class Exportable(Protocol):
    """A block or a transform."""

    def config(self) -> list[Op]:
        """Return operations of `program.preprocess`."""
        ...


def exported(contract: Contract, rule: Rule, piece: Exportable) -> list[Op] | None:
    """Return `piece.config()` after a round trip through JSON; None if it raises ExportError.

    Raises:
        ContractError: if `config` raises anything but ExportError, or returns something that is not JSON data.
    """
    try:
        ops = piece.config()
    except ExportError:
        return None
    except Exception as err:  # user code may raise anything
        raise contract.broken(rule, f"config() raised {described(err)}") from err
    with contract.running(rule, f"config() = {ops}"):
        return list(json.loads(json.dumps(ops)))


def program(
    contract: Contract, rule: Rule, ops: list[Op], entries: Mapping[str, bytes] | None = None
) -> Preprocessing:
    """Return the operations ready to run, with the entries of a program file that they name.

    Raises:
        ContractError: if they are not operations of `program.preprocess`.
    """
    with contract.running(rule, f"running {ops}"):
        return Preprocessing(ops, entries)
