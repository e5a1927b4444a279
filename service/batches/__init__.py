"""Many rows at once: read from a caller's file, screened in chunks by processes of their own, told once each."""
