"""Where automations and recordings are kept: versions, status, the files that show them, and who may write."""
