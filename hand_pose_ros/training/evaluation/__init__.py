"""Evaluation: predictions against labels, in the metrics of the field, with confidence intervals and pictures."""
