"""Reading before the end: registered looks with spent level, intervals that hold on any day, a daily harm monitor."""
