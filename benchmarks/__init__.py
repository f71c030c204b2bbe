"""What the claims of speed in README.md and docs/ rest on; run with ``make bench``."""
