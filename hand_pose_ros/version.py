"""The package's version, for setup.py, the command line and the messages; package.xml repeats it."""

VERSION = "0.1.0"
