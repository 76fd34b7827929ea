"""What the routes share: access, request bodies, JSON answers, errors, ETags, idempotency, the OpenAPI document."""
