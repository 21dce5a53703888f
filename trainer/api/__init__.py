"""Models and their trainings, for programs: what the pages can do, by the same rules."""
