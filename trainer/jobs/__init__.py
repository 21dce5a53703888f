"""The kinds of jobs: each file says what one does, and none imports torch."""
