"""Answers as people read them: pure functions from a result to what is to be shown."""
