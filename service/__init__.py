"""The web service: REST in, JSON out, and the life of the application."""

from importlib.metadata import version

__all__ = ["VERSION"]

#: Read once: a later look at the file may fail, when files are what the process has run out of.
VERSION = version("compliance-gateway")
