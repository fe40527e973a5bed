"""`serlo review` as it is run on pull requests: in a repository, without network and secrets."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.review.scenario import Edit, stack
from tests.stack_files import ROOT, copy_declarations
from tests.terminal import in_terminal

SERLO = Path(sys.prefix) / "bin" / "serlo"
_BUMP = stack("staging", ("    server: 0.52.1\n", "    server: 0.53.0\n"))
_NO_NETWORK = ("unshare", "--map-root-user", "--net")


class Repository:
    """A repository with the declarations alone. `home` holds what earlier reviews have kept."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root = root
        self.home = home
        self.root.mkdir()
        copy_declarations(self.root, "Pulumi.yaml")
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit()

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Tests", "-c", "user.email=tests@example.invalid")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.root,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home)},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def commit(self, *edits: Edit) -> None:
        for edit in edits:
            edit.make(self.root)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "A change")

    def review(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run it with nothing in the environment, and no network where that can be had."""
        tried = subprocess.run([*_NO_NETWORK, "true"], capture_output=True, check=False)
        alone = _NO_NETWORK if tried.returncode == 0 else ()
        return subprocess.run(
            [*alone, SERLO, "review", *arguments],
            cwd=self.root,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests, so that the base is described once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def repository(tmp_path: Path, home: Path) -> Repository:
    return Repository(tmp_path / "repository", home)


def test_without_a_change_it_is_one_line(repository: Repository) -> None:
    done = repository.review()

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "<!-- serlo review -->",
        "**Infrastructure review**: no stack changes.",
    ]


def test_a_change_in_the_working_tree_is_compared_with_main(repository: Repository) -> None:
    for edit in _BUMP:
        edit.make(repository.root)

    done = repository.review("--json")

    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["base"].startswith("main (")
    assert told["head"] == "main (working tree)"
    stacks = {one["stack"]: one for one in told["stacks"]}
    assert list(stacks) == ["local", "staging", "production"]
    assert not stacks["local"]["changed"]
    assert not stacks["production"]["changed"]
    (release,) = stacks["staging"]["releases"]
    assert (release["before"], release["after"], release["direction"]) == ("0.52.1", "0.53.0", "up")
    assert release["services"] == ["server", "swr-queue-worker"]
    assert stacks["staging"]["counts"] == {"create": 0, "update": 2, "replace": 0, "delete": 0}
    urns = [one["urn"] for one in stacks["staging"]["changed"]]
    assert len(urns) == 2
    paths = {field["path"] for one in stacks["staging"]["changed"] for field in one["fields"]}
    assert "metadata.labels.app.kubernetes.io/version" in paths


def test_a_terminal_gets_no_markup_and_a_branch_its_name(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "bump/server")
    for edit in _BUMP:
        edit.make(repository.root)

    shown = in_terminal("review", "--stack", "staging", cwd=repository.root)

    assert "bump/server (working tree) into main (" in shown
    assert "0.52.1  0.53.0" in shown
    for markup in ("<details>", "```", "**", "mermaid", "&gt;"):
        assert markup not in shown
    named = repository.review("--base-name=main", "--head-name=-fix`")
    assert "`` -fix` `` into `main (" in named.stdout


def test_each_stack_is_judged_by_itself(repository: Repository) -> None:
    """One is missing, one has a mistake, and the third is reviewed all the same."""
    (repository.root / "stacks" / "Pulumi.local.yaml").unlink()
    repository.commit(
        *stack("production", ("    server: 0.52.1\n", "    server: newest\n")), *_BUMP
    )

    done = repository.review("--base", "HEAD~1", "--head", "HEAD")

    assert (done.returncode, done.stderr) == (2, "")
    local, staging, production = done.stdout.split("\n### ")[1:]
    assert "the head is broken: stacks/Pulumi.local.yaml does not exist" in local
    assert "| server, swr-queue-worker | `0.52.1` | `0.53.0` |" in staging
    assert "the head is broken: 1 mistake in stacks/Pulumi.production.yaml" in production
    assert "stacks/Pulumi.production.yaml:18:13: serlo:versions.server" in production
    # The half that is not broken.
    assert "`serlo-production-cluster-non-preemptible`" in production


@pytest.mark.parametrize("side", ["base", "head"])
def test_a_program_that_cannot_be_read_is_named_with_its_side(
    repository: Repository, side: str
) -> None:
    broken = Edit("infra/services/redis.py", "service = Service(\n", "service = = Service(\n")
    mended = Edit("infra/services/redis.py", "service = = Service(\n", "service = Service(\n")
    repository.commit(broken)
    repository.commit(mended)
    refs = ["HEAD~1", "HEAD"] if side == "base" else ["HEAD~2", "HEAD~1"]

    done = repository.review("--base", refs[0], "--head", refs[1], "--stack", "staging")

    # A broken base is no fault of the change.
    assert (done.returncode, done.stderr) == (0 if side == "base" else 2, "")
    assert f"the {side} is broken: its program cannot be run" in done.stdout
    assert "SyntaxError" in done.stdout
    assert "infra/services/redis.py" in done.stdout
    assert str(repository.home) not in done.stdout
    assert "**Capacity**" in done.stdout


def test_what_cannot_be_compared_is_refused(repository: Repository, tmp_path: Path) -> None:
    unknown = repository.review("--base", "no-such-branch")
    assert unknown.returncode == 1
    assert "git knows no 'no-such-branch'" in unknown.stderr
    assert "git fetch" in unknown.stderr

    stranger = repository.review("--stack", "testing")
    assert stranger.returncode == 1
    assert "There is no stack testing; there are local, staging, production." in stranger.stderr

    both = repository.review("--json", "--html")
    assert both.returncode == 1
    assert "exclude each other" in both.stderr

    repository.root = tmp_path
    nowhere = repository.review()
    assert nowhere.returncode == 1
    assert "in no git repository" in nowhere.stderr


def test_no_value_of_a_secret_is_in_a_review(repository: Repository) -> None:
    """Not that of the stack file, which is encrypted, nor one that the program is given."""
    secret = "v1:q6fT0cXQ2Zk=:c2VjcmV0"
    repository.commit(
        *stack(
            "staging",
            (
                "  serlo:domain: serlo-staging.dev\n",
                f"  serlo:secrets:\n    mysql-uri:\n      secure: {secret}\n"
                "  serlo:domain: serlo-staging.dev\n",
            ),
        ),
        Edit(
            "infra/services/frontend.py", "Resources, Service\n", "Resources, SecretRef, Service\n"
        ),
        Edit(
            "infra/services/frontend.py",
            '        "NODE_ENV": "production",\n',
            '        "NODE_ENV": "production",\n        "DATABASE": SecretRef("mysql-uri"),\n',
        ),
    )
    for kind in ("--markdown", "--json", "--html"):
        done = repository.review("--base", "HEAD~1", kind, PULUMI_CONFIG='{"serlo:x": "hidden"}')
        assert done.returncode == 0, done.stderr
        assert "mysql-uri" in done.stdout
        # In a program without an engine, a secret's value is its name in brackets.
        for value in (secret, "[mysql-uri]", "W215c3FsLXVyaV0=", "hidden"):
            assert value not in done.stdout


def test_a_renamed_module_is_no_change(repository: Repository) -> None:
    """Each side is described by its own code, whatever its modules are called."""
    infra = repository.root / "infra"
    (infra / "stack" / "environment.py").rename(infra / "stack" / "surroundings.py")
    for file in infra.rglob("*.py"):
        text = file.read_text()
        file.write_text(text.replace("infra.stack.environment", "infra.stack.surroundings"))
    repository.commit()

    done = repository.review("--base", "HEAD~1", "--head", "HEAD")

    assert (done.returncode, done.stderr) == (0, "")
    assert "no stack changes" in done.stdout


def test_a_commit_from_before_descriptions_is_named(repository: Repository) -> None:
    repository.commit(Edit("infra/describe.py", (ROOT / "infra/describe.py").read_text(), None))
    (repository.root / "infra" / "describe.py").write_text(
        (ROOT / "infra" / "describe.py").read_text()
    )
    repository.commit()

    done = repository.review("--base", "HEAD~1", "--head", "HEAD", "--stack", "local")

    assert (done.returncode, done.stderr) == (0, "")
    assert "HEAD~1 is from before `infra.describe`; it cannot be compared" in done.stdout


def test_the_code_of_a_branch_sees_no_variable_of_the_user(repository: Repository) -> None:
    shows = 'import os\n\nraise ValueError(",".join(sorted(os.environ)))\n'
    repository.commit(Edit("infra/services/curious.py", None, shows))

    done = repository.review("--base", "HEAD~1", "--head", "HEAD", CLOUDFLARE_API_TOKEN="x")

    assert "ValueError: HOME,LC_ALL,PATH,PYTHONPATH" in done.stdout
    assert "infra/services/curious.py" in done.stdout


def test_what_was_described_once_is_kept_for_the_next_review(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    repository = Repository(tmp_path / "repository", home)
    repository.review()
    (kept,) = (repository.home / ".cache" / "serlo" / "review").glob("*.json")
    text = kept.read_text()
    assert '"0.52.1"' in text
    kept.write_text(text.replace('"0.52.1"', '"0.52.0"'))

    assert "`0.52.0` | `0.52.1`" in repository.review().stdout
