"""How the systems of the papers are trained: one task each (docs/papers.md)."""
