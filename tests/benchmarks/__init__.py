"""How fast layerscope is and how much memory it takes, beside a floor and other tools: python -m tests.benchmarks."""
