"""The command `ltx-video`: one module for each of its subcommands."""
