"""What every route of the HTTP API shares: access, bodies, problems, ETags, idempotency."""
