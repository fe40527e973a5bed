"""How the API is spoken, whatever the product: calls, answers, refusals, faults."""
