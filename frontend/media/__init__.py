"""MP4 files, written and read through ffmpeg."""
