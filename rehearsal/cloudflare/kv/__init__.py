"""Workers KV: namespaces, values, and the store behind both the API and the binding."""
