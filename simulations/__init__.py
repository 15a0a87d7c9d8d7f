"""Whether the statistics hold what they promise, shown by simulating pilots whose truth is known."""
