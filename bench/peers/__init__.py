"""confkeep's library beside what people save files with today: comparison.py begins."""
