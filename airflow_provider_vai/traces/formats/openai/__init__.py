"""Reads OpenAI chats, responses and Agents SDK runs."""
