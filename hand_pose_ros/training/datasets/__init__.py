"""Readers of published hand datasets: each yields ``Sample`` in this package's keypoint order, units and frame."""
