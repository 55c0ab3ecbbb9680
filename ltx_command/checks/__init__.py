"""What `ltx-video doctor` looks at."""
