"""The model that blogs are generated from; what each part of it does stands in benchmarks/generate.py."""
