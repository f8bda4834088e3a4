"""The parts of ``confkeep.documents.merge``: by lines, by data, and the proof that the one reads as the other."""
