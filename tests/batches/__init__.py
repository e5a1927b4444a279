"""Tests of service.batches."""
