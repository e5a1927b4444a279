"""Examines the agencies as the service would ask them, from where it runs: what answers, and what differs."""
