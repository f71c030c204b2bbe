"""Tags and facets by set algebra on roaring bitmaps of entry ids, in memory."""
