"""The demo checkpoint: its data set, training and evaluation."""
