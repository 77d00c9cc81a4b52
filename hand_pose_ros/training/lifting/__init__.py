"""Training of the lifter on skeletons alone: hands of the pose prior, seen from anywhere, as a detector sees them."""
