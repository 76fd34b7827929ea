"""Records a scripted agent at a real source and prints the trace's id: ``pull_sender.py mlflow|phoenix URL``.

It runs in the source's own Python, with ``dev/record`` on the path, and uses only the server on the loopback interface.
"""

from __future__ import annotations

import sys


def mlflow(url: str) -> str:
    """Log the trace of ``dev/record/mlflow_trace.py`` with MLflow's API."""
    import mlflow
    import mlflow_trace

    mlflow.set_tracking_uri(url)
    mlflow.set_experiment("harbour")
    mlflow_trace.agent("Two nights for Ida and Ode, please.")
    return mlflow.get_last_active_trace_id()


def phoenix(url: str) -> str:
    """Send OpenInference spans with OTLP over HTTP to a project whose name must be quoted."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.trace import Status, StatusCode

    provider = TracerProvider(resource=Resource({"openinference.project.name": "har bour"}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces")))
    tracer = provider.get_tracer("harbour")

    def span(name: str, kind: str, **attributes: str):
        return tracer.start_as_current_span(name, attributes={"openinference.span.kind": kind, **attributes})

    said, asked = "llm.output_messages.0.message", "llm.input_messages.0.message"
    proposals = {f"{said}.role": "assistant"}
    for at, name in enumerate(("Ida", "Ode")):
        proposal = f"{said}.tool_calls.{at}.tool_call"
        proposals |= {
            f"{proposal}.id": f"c{at + 1}",
            f"{proposal}.function.name": "find_boat",
            f"{proposal}.function.arguments": f'{{"name": "{name}"}}',
        }
    with span("harbour", "AGENT", **{"input.value": "Berths, please."}) as root:
        question = {f"{asked}.role": "user", f"{asked}.content": "Berths, please."}
        with span("chat", "LLM", **question, **proposals, **{"llm.model_name": "scripted"}):
            pass
        found = {"input.value": '{"name": "Ida"}', "output.value": '{"berth": 14}'}
        with span("find_boat", "TOOL", **{"tool.name": "find_boat"}, **found):
            pass
        with span("find_boat", "TOOL", **{"tool.name": "find_boat", "input.value": '{"name": "Ode"}'}) as failing:
            failing.set_status(Status(StatusCode.ERROR, "LookupError: no boat Ode"))
        trace_id = format(root.get_span_context().trace_id, "032x")
    provider.shutdown()
    return trace_id


if __name__ == "__main__":
    sys.stdout.write({"mlflow": mlflow, "phoenix": phoenix}[sys.argv[1]](sys.argv[2]) + "\n")
