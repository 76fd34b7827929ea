"""What a step does outside, and how much another run of it may differ from the recording."""

from __future__ import annotations

from typing import Literal

Determinism = Literal["exact", "live", "model_written", "model_at_run_time"]
Effect = Literal["read", "artifact", "write"]
