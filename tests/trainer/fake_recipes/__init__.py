"""Recipes without torch that keep the true ones' contract: files, events, resuming."""
