"""The commands of the command line, one small file per group. Nothing here decides anything about a case."""
