"""Versions of trained programs: a registry with tags, remotes, locks, and where each came from. Read `registry.py` first.

A registry is a folder of small documents, each written once, and of the program files as objects; a remote holds the same.
"""
