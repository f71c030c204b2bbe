"""The commands of ``crosstag`` that are groups of their own."""
