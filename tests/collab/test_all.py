from __future__ import annotations

import subprocess
import sys

import pytest

import gatera.collab
import gatera.collab.all as face


def test_the_package_offers_what_its_face_does():
    assert sorted(gatera.collab.__all__) == sorted(face.__all__)
    assert all(getattr(gatera.collab, name) is getattr(face, name) for name in face.__all__)


@pytest.mark.slow
def test_the_package_costs_nothing_until_a_name_is_used():
    code = "import sys, gatera.collab; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
