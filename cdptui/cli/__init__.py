"""The process: commands, output, exit codes. Each command imports its heavy dependencies itself."""
