from __future__ import annotations

import os
import signal

import pytest

from gatera.learn.signals import StepGuard


@pytest.fixture
def guard():
    guard = StepGuard()
    guard.listen()
    yield guard
    guard.stop()


def press_ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_waits_for_the_end_of_an_update(guard):
    done = False
    with pytest.raises(KeyboardInterrupt), guard:
        press_ctrl_c()
        done = True
    assert done


def test_ctrl_c_outside_an_update_is_immediate(guard):
    with pytest.raises(KeyboardInterrupt):
        press_ctrl_c()
        signal.pause()


def test_a_second_ctrl_c_does_not_wait(guard):
    reached = False
    with pytest.raises(KeyboardInterrupt), guard:
        press_ctrl_c()
        press_ctrl_c()
        signal.pause()
        reached = True
    assert not reached


def test_the_handler_is_given_back():
    before = signal.getsignal(signal.SIGINT)
    guard = StepGuard()
    guard.listen()
    guard.stop()
    assert signal.getsignal(signal.SIGINT) is before
