"""The Docker files, checked without an engine: they parse, name what exists, and follow the rules a linter would hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings

ROOT = Path(__file__).parents[3]
SERVICE_KEYS = {
    "build",
    "command",
    "depends_on",
    "deploy",
    "environment",
    "healthcheck",
    "image",
    "ports",
    "profiles",
    "restart",
    "volumes",
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def dockerfile() -> list[str]:
    """The Dockerfile's instructions, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def names_in_settings() -> set[str]:
    """Every name a setting has in the environment."""
    names: set[str] = set()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        names |= {f"PARLEY_{name}".upper()} if alias is None else {str(choice) for choice in getattr(alias, "choices", [alias])}
    return names


class TestCompose:
    def test_it_has_the_services_of_the_design(self, compose: dict[str, Any]) -> None:
        always = {name for name, service in compose["services"].items() if not service.get("profiles")}
        profiles = {profile for service in compose["services"].values() for profile in service.get("profiles", [])}

        assert always == {"postgres", "web", "worker"}
        assert profiles == {"ollama", "langfuse"}
        assert compose["services"]["worker"]["deploy"]["replicas"] == 2
        assert compose["services"]["postgres"]["image"].startswith("pgvector/pgvector:")

    def test_every_service_has_known_keys_and_something_to_run(self, compose: dict[str, Any]) -> None:
        for name, service in compose["services"].items():
            assert set(service) <= SERVICE_KEYS, name
            assert service.get("image"), name

    def test_what_a_service_depends_on_exists_and_can_be_healthy(self, compose: dict[str, Any]) -> None:
        services = compose["services"]
        own_check = {"web"}  # the image's HEALTHCHECK
        for name, service in services.items():
            for other, condition in service.get("depends_on", {}).items():
                assert other in services, f"{name} depends on {other}"
                assert condition == {"condition": "service_healthy"}
                assert "test" in services[other].get("healthcheck", {}) or other in own_check

    def test_every_volume_is_declared_and_used(self, compose: dict[str, Any]) -> None:
        used = {volume.split(":", 1)[0] for service in compose["services"].values() for volume in service.get("volumes", [])}

        assert used == set(compose["volumes"])

    def test_every_variable_given_to_parley_is_a_setting(self, compose: dict[str, Any]) -> None:
        for name in ("web", "worker"):
            assert set(compose["services"][name]["environment"]) - names_in_settings() == set()

    def test_ports_are_published_on_this_machine_only(self, compose: dict[str, Any]) -> None:
        published = [port for service in compose["services"].values() for port in service.get("ports", [])]

        assert published
        assert [port for port in published if not port.startswith("127.0.0.1:")] == []

    def test_images_are_pinned_to_a_tag(self, compose: dict[str, Any]) -> None:
        images = [service["image"] for service in compose["services"].values()]

        assert [image for image in images if not re.search(r":(?!latest$)[\w.-]+$", image)] == []


class TestDockerfile:
    def test_it_ends_as_a_user_without_rights(self, dockerfile: list[str]) -> None:
        """By number: an orchestrator that refuses root cannot look a name up (hadolint DL3066)."""
        users = [line.split()[1] for line in dockerfile if line.startswith("USER ")]

        assert users == ["10001"]
        assert any("useradd --create-home --uid 10001 parley" in line for line in dockerfile)

    def test_health_is_asked_of_the_api(self, dockerfile: list[str]) -> None:
        checks = [line for line in dockerfile if line.startswith("HEALTHCHECK ")]

        assert len(checks) == 1
        assert "/api/health" in checks[0]

    def test_everything_is_installed_from_a_lock_by_hash(self, dockerfile: list[str]) -> None:
        installs = re.findall(r"pip install ([^&]*)", " ".join(dockerfile))

        assert installs
        assert [words for words in installs if "--require-hashes" not in words and "--no-deps dist/*.whl" not in words] == []
        assert [words for words in installs if "--no-cache-dir" not in words] == []

    def test_bases_are_pinned_and_commands_are_lists(self, dockerfile: list[str]) -> None:
        bases = [line.split()[1] for line in dockerfile if line.startswith("FROM ")]
        commands = [line for line in dockerfile if re.match(r"(CMD|ENTRYPOINT) ", line)]

        assert all(re.fullmatch(r"python:3\.1[123]-slim-[a-z]+", base) for base in bases)
        assert commands == ['CMD ["parley", "serve"]']

    def test_every_variable_it_sets_for_parley_is_a_setting(self, dockerfile: list[str]) -> None:
        given = set(re.findall(r"\b([A-Z_]+)=", " ".join(line for line in dockerfile if line.startswith("ENV "))))

        assert given - {"PATH", "PYTHONUNBUFFERED"} - names_in_settings() == set()

    def test_what_it_copies_is_not_ignored(self) -> None:
        ignored = {line.strip() for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()}
        needed = {
            "app",
            "graphs",
            "prompts",
            "dsl",
            "memory",
            "evals",
            "public",
            ".chainlit",
            "chainlit.md",
            ".ci",
            "README.md",
            "LICENSE",
            "pyproject.toml",
        }

        assert ignored & needed == set()
        assert {".git", ".venv", ".parley", ".env"} <= ignored
