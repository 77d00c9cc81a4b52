"""Where training crops come from: every source has ``batch(count) -> HandBatch``, endless and seeded."""
