"""Training of the image networks: tasks for the trainer, and their figures."""
