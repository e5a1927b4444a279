"""Plugins for the pytest that runs a peer's suite; there each module of this folder is on top, by its own name.

They know nothing of each other, nor of this project's tests: a peer's suite has a package `tests` of its own.
"""
