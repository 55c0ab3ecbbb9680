"""What is compared, each in a process of its own: our engines bare and served, and diffusers."""
