"""Kubernetes: its objects in files, and what a cluster's API says, as plain values. No registry, no image."""
