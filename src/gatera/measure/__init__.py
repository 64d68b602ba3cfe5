"""Losses, metrics, confidence intervals and evaluation reports: numbers in, numbers out.

Read `losses/base.py` and `metrics/base.py` first. `losses` are minimised, `metrics` are shown after every epoch, `reports`
sum up a finished model; `intervals` and `thresholds` serve the reports. Nothing here knows files, loaders or learners.
"""
