"""Says how to log in where Pulumi asks for it."""


def login_remedy(output: str) -> str:
    """Return how to log in to a stack's state if that is what Pulumi's output asks for, or ""."""
    if "PULUMI_ACCESS_TOKEN" not in output:
        return ""
    return "Log in to the bucket of the state: pulumi login gs://<bucket> (docs/guides/deploy.md)"
