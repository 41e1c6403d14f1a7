"""Speed, as ratios against peers measured side by side in one run: never a figure of this machine alone."""
