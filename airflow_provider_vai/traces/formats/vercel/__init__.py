"""Reads Vercel AI SDK messages and streams."""
