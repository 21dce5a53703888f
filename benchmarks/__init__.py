"""What is measured: each module prints JSON lines on standard output."""
