"""The commands of `sotto`, a file each; only the one that runs is imported."""
