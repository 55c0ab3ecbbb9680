"""The three engines as torch modules that can be traced."""
