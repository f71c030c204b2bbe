"""HTTP: views that parse, ask and render. No SQL and no searching below here."""
