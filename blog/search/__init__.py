"""Full text: the words of every entry, found, ranked, marked and corrected.

``engine.py`` says what a search engine is; ``analysis.py`` says what a word is, for texts and
for queries alike; ``whoosh_engine.py`` is the engine that needs nothing but a directory, and
``tantivy_engine.py`` the one for large blogs; ``engines.py`` opens the one that is set.
"""
