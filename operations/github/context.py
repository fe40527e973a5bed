"""Print where a stack file expects the cluster's credentials, as outputs of a workflow's step."""

import sys
from pathlib import Path

from infra.stack.environment import Environment, StackFileError
from operations.declared.stack_files import stack_file


def main(stack: str) -> int:
    """Exit code 1 if the stack file has mistakes, which are named."""
    try:
        cluster = Environment.load(stack_file(stack)).cluster
    except (StackFileError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"context={cluster.context}")
    print(f"kubeconfig={Path(cluster.kubeconfig).expanduser()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
