"""The pose prior: which joint angles a hand takes, and the skeleton that follows from them."""
