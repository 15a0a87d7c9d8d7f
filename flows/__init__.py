"""What is done: one file a pilot, with its process as it was, its process as it is to be, and its Prefect flow."""
