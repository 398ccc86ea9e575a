"""The process: commands, what is printed, exit codes. Everything heavy is imported by the command that needs it."""
