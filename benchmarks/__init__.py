"""Speed and memory: claims with a command behind them. `python -m benchmarks` runs all and writes results.json."""
