"""Rendered hands with exact labels, drawn from the MakeHuman files in a folder the user names."""
