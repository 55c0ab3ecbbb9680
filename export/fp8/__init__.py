"""FP8 for the transformer's linears: calibration, what is left out, the Q/DQ graph."""
