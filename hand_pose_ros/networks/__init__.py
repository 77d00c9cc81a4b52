"""The networks, and the one door to them: ``build.load_model``."""
