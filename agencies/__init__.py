"""Who takes part: public bodies with their office hours, one file a country."""
