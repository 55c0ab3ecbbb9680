"""The demo checkpoint and the engines that the repository ships of it."""
