"""What tokens of a model cost, by the prices that `genai-prices` (MIT) ships: nothing is fetched.

It is an extra of its own (``airflow-provider-vai[prices]``) and imported when a price is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Price:
    """US dollars, and by which list: ``genai-prices 0.2.3 (openai gpt-4o)``; ``None``: not known, and why."""

    usd: float | None
    by: str


def price(model: str | None, input_tokens: int | None, output_tokens: int | None, at: datetime | None = None) -> Price:
    """Return what tokens cost, taken as one request: sums over a run hide where a long prompt costs more a token.

    :param model: a model's name, or ``provider:model`` or ``provider/model``. :param at: when; prices change.
    """
    if not model or input_tokens is None or output_tokens is None:
        return Price(None, "the model is not known" if not model else "the tokens are not known")
    try:
        import genai_prices
    except ImportError:
        return Price(None, "genai-prices is not installed: pip install 'airflow-provider-vai[prices]'")
    usage = genai_prices.Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    for name, provider in _readings(model):
        try:
            found = genai_prices.calc_price(usage, name, provider_id=provider, genai_request_timestamp=at)
        except (LookupError, ValueError):  # no such provider or model in its list
            continue
        return Price(float(found.total_price), f"genai-prices {genai_prices.__version__} ({found.provider.id} {name})")
    return Price(None, f"genai-prices {genai_prices.__version__} does not list the model {model}")


def _readings(model: str) -> list[tuple[str, str | None]]:
    """Return what a name may mean: the model, and its provider if it is named."""
    readings: list[tuple[str, str | None]] = []
    for mark in (":", "/"):
        provider, found, name = model.partition(mark)
        if found and provider and name:
            readings += [(name, provider), (name, None)]
    return [*readings, (model, None)]
