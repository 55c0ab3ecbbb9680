"""The demo checkpoint's world: one shape of one colour on one background, doing one thing."""
