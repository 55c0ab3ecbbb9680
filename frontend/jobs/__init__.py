"""Jobs: stored, claimed by one worker at a time, and run to a finished video."""
