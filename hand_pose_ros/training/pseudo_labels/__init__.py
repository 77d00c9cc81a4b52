"""Labels for photographs from a teacher network, kept where the teacher agrees with itself."""
