"""Everything Textual: draws what the monitor says and passes wishes back. Fetches nothing, decides nothing."""
