"""Losses that several tasks share, one file per noun: pure tensor functions."""
