"""All reading: every page, feed and command asks here, and gets plain values back."""
