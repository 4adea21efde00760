"""layerscope held against dive itself. A stage of its own, because dive is built from Go modules: tests/dive/run."""
