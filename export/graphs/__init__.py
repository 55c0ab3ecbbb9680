"""The engines as traceable torch modules."""
