"""Tests of jobs beyond one machine: a real PostgreSQL of the test's own, real workers, real kills."""
