"""The demo: two datasets that look lived in, made by the same actions as real work."""
