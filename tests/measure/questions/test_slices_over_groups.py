"""Slices of items in groups: 30 rows of three patients are not 30 witnesses."""

from __future__ import annotations

import numpy as np
import pytest

from gatera.measure.questions.slices import worst_slices

PATIENTS = np.repeat(np.arange(12), 10)
OFFICE = np.where(PATIENTS < 3, "north", np.where(PATIENTS < 4, "west", "south"))


@pytest.mark.parametrize("scale", [1.0, 7.5], ids=["rates", "numbers"])
def test_a_few_bad_patients_do_not_make_an_office_clearly_worse(scale):
    """Two of its three patients are always wrong, and one of the nine others."""
    misses = scale * np.isin(PATIENTS, (0, 1, 5)).astype(float)
    found = {part.name: part for part in worst_slices(misses, {"office": OFFICE})}
    assert found["office: north"].clear  # as if rows stood alone
    found = {part.name: part for part in worst_slices(misses, {"office": OFFICE}, groups=PATIENTS.tolist())}
    assert not found["office: north"].clear and found["office: north"].interval.low < misses.mean()
    assert not found["office: west"].clear and found["office: west"].interval == (0.0, scale)


def test_what_holds_for_all_patients_of_an_office_is_clear_and_a_patient_is_a_slice_too():
    patients = np.repeat(np.arange(24), 10)
    misses = (patients >= 16).astype(float)
    office = np.where(patients >= 16, "south", "north")
    found = worst_slices(
        misses, {"office": office, "patient": patients.astype(str)}, groups=patients.tolist()
    )
    clear = {part.name for part in found if part.clear}
    assert "office: south" in clear and "patient: 20" in clear and "patient: 1" not in clear
