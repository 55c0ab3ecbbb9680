"""A diffusers checkpoint: its layout, weights, schedule and tokenizer."""
