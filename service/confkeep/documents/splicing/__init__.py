"""The parts of ``confkeep.documents.splice``: where things stand, what replaces them, and the edits of the text."""
