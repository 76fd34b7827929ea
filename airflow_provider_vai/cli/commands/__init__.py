"""The functions that run the commands. They read the input, call the other packages, and print the outcome."""
