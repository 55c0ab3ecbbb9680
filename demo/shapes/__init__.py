"""The dataset of the demo checkpoint: one coloured shape in motion on a plain background."""
