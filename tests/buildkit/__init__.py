"""A current BuildKit, for real: its parser, and its daemon. A stage of its own, see .ci/buildkit."""
