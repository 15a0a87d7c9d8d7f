"""The only input and output: settings, store, importers and exporters, agencies' systems, Prefect."""
