"""The budgets, as ratios in one run: ``python -m bench [save] [start] [cli]``."""
