"""INT8 weights for CPUs: which linears take it, their scales, their place in the graph."""
