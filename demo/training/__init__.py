"""Train the demo checkpoint: small models of LTX-Video's classes, on the shapes dataset."""
