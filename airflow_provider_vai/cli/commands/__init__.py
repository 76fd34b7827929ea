"""What each command does. Thin: it reads, calls the line, and shows what came out."""
