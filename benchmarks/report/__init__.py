"""Write the measured documents and their plots from the results."""
