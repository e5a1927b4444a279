"""Tests of what is in deploy/: that it names routes, ports, settings and metrics that there are."""
