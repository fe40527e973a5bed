"""A commit is deployed as long as nothing of the platform changed after it."""

import pytest

from operations.github.newest import newer
from tests.unit.github.fake import Fake, serving


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], []),
        (["docs/services.md", "README.md", "tests/infra/x.py"], []),
        (["stacks/Pulumi.staging.yaml", "docs/x"], ["stacks/Pulumi.staging.yaml"]),
        (["infra/services/server.py"], ["infra/services/server.py"]),
        (["uv.lock"], ["uv.lock"]),
        ([f"docs/{number}" for number in range(300)], ["very many files"]),
    ],
)
def test_only_what_is_deployed_counts(files: list[str], expected: list[str]) -> None:
    fake = Fake()
    fake.files = files
    with serving(fake) as github:
        assert newer(github, "a" * 40, "main") == expected
