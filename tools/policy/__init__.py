"""Decides whether, when and how often an agency is asked. Values and small state machines: the clock is handed in."""
