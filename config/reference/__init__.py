"""The pages of the docs site that are made from the code: they cannot fall behind it."""
