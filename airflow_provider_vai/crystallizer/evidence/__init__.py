"""What is known of a run, built once: values of results, their order in time, who said what."""
