"""The vocabulary: plain, frozen values that every other room may use. No I/O, no clock."""
