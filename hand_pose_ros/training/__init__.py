"""Data, losses, metrics and tools that make the weights; nothing a robot runs imports this room."""
