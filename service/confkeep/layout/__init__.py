"""WHERE files live, and who else holds them: containers, processes and their mounts; and what is wrong with that."""
