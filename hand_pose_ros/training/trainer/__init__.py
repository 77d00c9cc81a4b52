"""One training loop for every network of the package: ``task.py`` says what a network brings, ``trainer.py`` trains."""
