"""Engine files opened for execution, whatever runtime runs them."""
