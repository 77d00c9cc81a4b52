"""Training of the lifter on skeletons alone: hands from the pose prior, seen from anywhere, as a real detector sees them."""
