"""Values to text and role. No colours (themes have them), no Textual, no I/O."""
