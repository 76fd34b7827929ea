"""Prices of model tokens, from the list that the `genai-prices` package (MIT) ships. Nothing is downloaded.

The package is an optional extra (``airflow-provider-vai[prices]``) and is imported only when a price is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Price:
    """A price and where it comes from.

    :param usd: US dollars; ``None``: not known.
    :param by: The price list, such as ``genai-prices 0.2.3 (openai gpt-4o)``; if ``usd`` is ``None``, the reason.
    """

    usd: float | None
    by: str


def price(model: str | None, input_tokens: int | None, output_tokens: int | None, at: datetime | None = None) -> Price:
    """Return the price of tokens, as if they were used in one request.

    For the token sums of a whole run this is an estimate: some models charge more per token for long prompts.

    :param model: The name of a model, ``provider:model`` or ``provider/model``.
    :param input_tokens: The number of input tokens; ``None``: not known.
    :param output_tokens: The number of output tokens; ``None``: not known.
    :param at: The time of the request, because prices change; ``None``: now.
    """
    if not model or input_tokens is None or output_tokens is None:
        return Price(None, "the model is not known" if not model else "the token counts are not known")
    try:
        import genai_prices
    except ImportError:
        return Price(None, "genai-prices is not installed: pip install 'airflow-provider-vai[prices]'")
    usage = genai_prices.Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    for name, provider in _candidates(model):
        try:
            found = genai_prices.calc_price(usage, name, provider_id=provider, genai_request_timestamp=at)
        except (LookupError, ValueError):  # the list does not contain the provider or model
            continue
        return Price(float(found.total_price), f"genai-prices {genai_prices.__version__} ({found.provider.id} {name})")
    return Price(None, f"genai-prices {genai_prices.__version__} does not list the model {model}")


def _candidates(model: str) -> list[tuple[str, str | None]]:
    """Return the possible meanings of a model name: pairs of the model and its provider, if the name contains one."""
    candidates: list[tuple[str, str | None]] = []
    for mark in (":", "/"):
        provider, found, name = model.partition(mark)
        if found and provider and name:
            candidates += [(name, provider), (name, None)]
    return [*candidates, (model, None)]
