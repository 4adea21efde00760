"""Who may pull: credentials as the user's tools keep them. Plain values in, plain values out; no network."""
