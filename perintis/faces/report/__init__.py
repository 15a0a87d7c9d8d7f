"""Pages for people who decide: whole in one file, without network, readable on paper and without colour."""
