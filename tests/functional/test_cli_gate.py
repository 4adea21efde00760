"""layerscope gate as a process: where its policy comes from, what it ends with, what it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cli_process import ROOT, Cli

CLASSIC = f"{ROOT}/testdata/classic.docker-archive.tar"
BUILDKIT = f"{ROOT}/testdata/buildkit.oci-archive.tar"
PLATFORMS = f"{ROOT}/testdata/platforms.oci-dir"


def document(done: Any) -> dict[str, Any]:
    return dict(json.loads(done.stdout))


def rules(done: Any) -> list[tuple[str, str]]:
    return [(each["rule"], each["status"]) for verdict in document(done)["verdicts"] for each in verdict["results"]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "place"
    place.mkdir()
    return place


def test_flags_alone(cli: Cli) -> None:
    met = cli("gate", BUILDKIT, "--max-size", "126993", "--max-layers", "12", "-q")
    assert (met.returncode, met.stderr) == (0, "")
    assert "the gate passes: 2 passed" in met.stdout
    broken = cli("gate", BUILDKIT, "--max-size", "126992", "--max-layers", "12", "-q")
    assert (broken.returncode, broken.stderr) == (1, "")
    assert "the gate fails: 1 failed, 1 passed" in broken.stdout
    assert "the sum of fileBytes: 126,993 bytes (127.0 kB), 126992 bytes allowed" in broken.stdout
    warned = cli("gate", BUILDKIT, "--max-size", "1", "--warn", "max-size")
    assert (warned.returncode, "the gate passes, with warnings" in warned.stdout) == (0, True)


def test_files_are_found_and_flags_win(cli: Cli, place: Path) -> None:
    def run(*flags: str) -> Any:
        return cli("gate", BUILDKIT, "--format", "json", "-q", *flags, cwd=place)

    (place / "pyproject.toml").write_text("[tool.layerscope.gate]\nmax-layers = 11\n")
    assert rules(run()) == [("max-layers", "fail")]
    (place / "layerscope.toml").write_text("[gate]\nmax-layers = 10\nmax-size = '1kB'\n")
    assert rules(run()) == [("max-size", "fail"), ("max-layers", "fail")]
    done = run("--max-size", "1MB")
    assert (done.returncode, rules(done)) == (1, [("max-size", "pass"), ("max-layers", "fail")])
    (place / "other.toml").write_text("[gate]\nmax-age = '9999w'\n")
    assert rules(run("--policy", "other.toml")) == [("max-age", "pass")]
    assert rules(run("--policy", "pyproject.toml")) == [("max-layers", "fail")]


def test_a_policy_is_the_repositorys(cli: Cli, place: Path) -> None:
    below = place / "a" / "b"
    below.mkdir(parents=True)
    (place / "layerscope.toml").write_text("[gate]\nmax-layers = 10\n")
    assert cli("gate", BUILDKIT, cwd=below).returncode == 2
    (place / ".git").mkdir()
    assert cli("gate", BUILDKIT, cwd=below).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ((), "nothing to hold the image to", "--max-size 250MB"),
        (("--policy", "nosuch.toml"), "cannot read the policy nosuch.toml", ""),
        (("--policy", "empty.toml"), "empty.toml has no policy", "[gate]"),
        (("--policy", "wrong.toml"), "wrong.toml: there is no rule 'max-sise'", "did you mean 'max-size'?"),
        (("--policy", "broken.toml"), "broken.toml is not TOML", ""),
        (("--policy", "."), "cannot read the policy .: Is a directory", ""),
        (("--max-size", "5 potatoes"), "--max-size cannot be '5 potatoes'", "did you mean"),
        (("--max-layers", "0"), "is impossible", ""),
        (("--max-layers", "3", "--today", "tomorrow"), "--today is not a day", ""),
    ],
)
def test_a_wrong_policy_ends_before_the_image_is_looked_at(
    cli: Cli, place: Path, arguments: tuple[str, ...], message: str, hint: str
) -> None:
    (place / "empty.toml").write_text("")
    (place / "wrong.toml").write_text("[gate]\nmax-sise = 1\n")
    (place / "broken.toml").write_text("[gate")
    done = cli("gate", "nosuch.tar", *arguments, "--report", "json=out.json", cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr and hint in done.stderr
    assert "no such file" not in done.stderr
    (error,) = json.loads((place / "out.json").read_text())["errors"]
    assert message in error["message"] and error["code"] == "usage"


def test_an_image_that_cannot_be_read_is_in_every_report(cli: Cli, place: Path) -> None:
    done = cli(
        *("gate", "nosuch.tar", BUILDKIT, "--max-layers", "3", "--format", "json", "--report", "table=gate.txt"),
        cwd=place,
    )
    assert done.returncode == 3
    found = document(done)
    assert found["status"] == "error"
    assert [each["reference"] for each in found["errors"]] == ["nosuch.tar"]
    assert rules(done) == [("max-layers", "fail")]
    text = (place / "gate.txt").read_text()
    assert "ERROR  nosuch.tar: no such file or directory" in text and "the gate fails: 1 failed" in text


def test_a_report_that_cannot_be_written_is_known_at_once(cli: Cli, place: Path) -> None:
    done = cli("gate", "nosuch.tar", "--max-layers", "3", "--report", "json=no/such/place.json", cwd=place)
    assert done.returncode == 2
    assert "no directory" in done.stderr and "nosuch.tar" not in done.stderr


def test_several_images_and_platforms(cli: Cli) -> None:
    done = cli("gate", CLASSIC, BUILDKIT, "--max-total-entries", "80", "--format", "json")
    assert (done.returncode, rules(done)) == (1, [("max-total-entries", "pass"), ("max-total-entries", "fail")])
    both = cli("gate", PLATFORMS, "--all-platforms", "--max-size", "1kB", "--format", "json", "--no-cache")
    assert (both.returncode, rules(both)) == (1, [("max-size", "pass"), ("max-size", "fail")])
    assert [each["image"]["platform"] for each in document(both)["verdicts"]] == ["linux/amd64", "linux/arm64"]


def test_today_is_an_input(cli: Cli, place: Path) -> None:
    (place / "layerscope.toml").write_text(
        "[gate]\nmax-layers = { limit = 3, exempt = { until = 2027-01-31, reason = 'soon smaller' } }\n"
    )
    held = cli("gate", BUILDKIT, "--today", "2027-01-31", cwd=place)
    assert (held.returncode, "exempt until 2027-01-31: soon smaller" in held.stdout) == (0, True)
    over = cli("gate", BUILDKIT, "--today", "2027-02-01", cwd=place)
    assert (over.returncode, "an exemption expired on 2027-01-31: soon smaller" in over.stdout) == (1, True)


def test_hostile_images_break_no_report(cli: Cli, hostile: Path) -> None:
    everything = (
        *("gate", hostile, "--max-single-layer", "1B", "--forbid-paths", "*", "--forbid-volumes", "*"),
        *("--forbid-ports", "*", "--forbid-env", "*", "--forbid-user", "*", "--forbid-entrypoint", "*"),
    )
    table = cli(*everything).stdout
    assert table.replace("\n", "").isprintable()
    text = cli(*everything, "--format", "json").stdout
    assert text.isascii()
    assert json.loads(text)["status"] == "fail"


def strict(value: Any) -> Any:
    if isinstance(value, dict):
        closed = {"additionalProperties": False} if "properties" in value else {}
        return {key: strict(item) for key, item in value.items()} | closed
    return [strict(item) for item in value] if isinstance(value, list) else value


def test_json_is_as_its_schema_says(cli: Cli, hostile: Path, place: Path) -> None:
    schema = strict(json.loads(cli("schema", "gate").stdout))
    (place / "layerscope.toml").write_text(
        """
        [gate]
        max-size = [{ limit = "1kB", level = "warn", reason = "why" }, { limit = "2kB" }]
        max-single-file = { limit = 1, exempt = [{ until = 2020-01-01 }, { until = 2099-01-01, match = "/bin/*" }] }
        forbid-paths = { patterns = ["*"], scope = "layers" }
        require-labels = ["nosuch"]
        max-compressed-size = "1kB"
        forbid-user = "*"
        """
    )
    for image in (BUILDKIT, CLASSIC, hostile, "nosuch.tar"):
        found = document(cli("gate", image, "--format", "json", cwd=place))
        jsonschema.Draft202012Validator(schema).validate(found)


def test_policies_are_as_their_schema_says(cli: Cli) -> None:
    import tomllib

    schema = json.loads(cli("schema", "policy").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for name, rule in schema["$defs"]["gate"]["properties"].items():
        assert rule["description"], name
    right = tomllib.loads("""
        [gate]
        max-size = "250 MiB"
        max-growth-unknown = 3
    """)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(right)
    del right["gate"]["max-growth-unknown"]
    right["gate"]["max-single-layer"] = [{"limit": "5MB", "index": -1, "from": "own", "level": "warn"}]
    validator.validate(right)
    for wrong in ({"max-size": "250 potatoes"}, {"max-layers": "3MB"}, {"forbid-paths": []}, {"max-age": "3 days"}):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate({"gate": wrong})


def test_dives_rules_file(cli: Cli, place: Path) -> None:
    def run(*flags: str) -> Any:
        return cli("gate", CLASSIC, "--format", "json", "-q", *flags, cwd=place)

    (place / ".dive-ci").write_text("rules:\n  lowestEfficiency: 0.97\n  highest-wasted-bytes: 1kB\n")
    done = run()
    assert (done.returncode, rules(done)) == (
        1,
        [("lowest-efficiency", "pass"), ("highest-wasted-bytes", "fail"), ("highest-user-wasted-percent", "fail")],
    )
    (verdict,) = document(done)["verdicts"]
    assert verdict["dive"]["efficiencyScore"] == 0.9732789785401122
    assert verdict["dive"]["wastedBytes"] == 6514
    assert verdict["totals"]["reclaimableBytes"] == 6568
    assert any("dive counts the copies that are kept" in note for note in verdict["notes"])
    won = run("--highestWastedBytes", "20MB", "--highestUserWastedPercent", "disabled")
    assert (won.returncode, rules(won)) == (0, [("lowest-efficiency", "pass"), ("highest-wasted-bytes", "pass")])
    (place / "layerscope.toml").write_text("[gate]\nmax-layers = 12\n")
    assert rules(run()) == [("max-layers", "pass")]
    both = run("--ci-config", ".dive-ci")
    assert rules(both)[0] == ("max-layers", "pass") and len(rules(both)) == 4
    assert run("--ci-config", "nosuch").returncode == 2


def test_dive_json(cli: Cli, place: Path) -> None:
    done = cli("gate", CLASSIC, "--max-layers", "1", "--format", "dive-json", "-q")
    assert done.returncode == 1
    assert set(json.loads(done.stdout)) == {"layer", "image"}
    failed = cli("gate", "nosuch.tar", "--max-layers", "1", "--report", "dive-json=d.json", cwd=place)
    assert failed.returncode == 3
    assert json.loads((place / "d.json").read_text())["errors"][0]["code"] == "not-found"
    assert cli("gate", CLASSIC, BUILDKIT, "--max-layers", "1", "--format", "dive-json").returncode == 2


def test_a_baseline_is_written_and_held_against(cli: Cli, place: Path) -> None:
    one, other = (f"{ROOT}/testdata/pair.docker-archive.tar:pair:{tag}" for tag in "ab")
    written = cli("gate", one, "--write-baseline", "base.json", "-q", cwd=place)
    assert (written.returncode, written.stderr) == (0, "")
    for baseline in ("base.json", one):
        held = cli("gate", other, "--baseline", baseline, "--max-growth", "30B", "--format", "json", cwd=place)
        assert (held.returncode, rules(held)) == (1, [("max-growth", "fail")])
        (verdict,) = document(held)["verdicts"]
        assert verdict["growth"]["fileBytes"] == {"before": 423, "after": 454}
        (offender,) = verdict["results"][0]["offenders"]
        assert (offender["path"], offender["bytes"], offender["layer"]) == ("/etc/app/config.ini", 31, 3)
        assert offender["instruction"]["kind"] == "COPY"
    (place / "inspect.json").write_text(cli("inspect", one, "--format", "json").stdout)
    held = cli("gate", other, "--baseline", "inspect.json", "--max-growth", "30B", cwd=place)
    assert held.returncode == 1 and "the baseline knows layers alone" in held.stdout.replace("\n", " ")
    for wrong in ("nosuch.json", "layerscope.toml"):
        (place / "layerscope.toml").write_text("[gate]\nmax-layers = 3\n")
        done = cli("gate", other, "--baseline", wrong, "--max-growth", "30B", cwd=place)
        assert done.returncode in (2, 3, 5) and wrong in done.stderr


def test_every_report_in_one_run(cli: Cli, place: Path) -> None:
    formats = ("table", "json", "markdown", "junit", "sarif", "github", "gitlab", "dive-json")
    reports = [part for name in formats for part in ("--report", f"{name}={name}.out")]
    summary, output = place / "summary.md", place / "output.txt"
    summary.write_text("before\n")
    settings = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)}
    done = cli("gate", BUILDKIT, "--max-layers", "3", *reports, "-q", cwd=place, settings=settings)
    assert done.returncode == 1
    for name in formats:
        assert (place / f"{name}.out").stat().st_size > 50, name
    assert summary.read_text().startswith("before\n<!-- layerscope gate -->\n### ")
    assert "status=fail\n" in output.read_text() and "file-bytes=126993\n" in output.read_text()
    missing = cli("gate", "nosuch.tar", "--max-layers", "3", *reports, "-q", cwd=place, settings=settings)
    assert missing.returncode == 3
    for name in formats:
        assert "no such file" in (place / f"{name}.out").read_text(), name


def test_suggest_and_explain(cli: Cli, place: Path) -> None:
    suggested = cli("gate", "--suggest", BUILDKIT, "-q")
    assert suggested.returncode == 0
    (place / "layerscope.toml").write_text(suggested.stdout)
    assert cli("gate", BUILDKIT, cwd=place).returncode == 0
    assert cli("gate", "--explain", "all").stdout.count("max-") > 10
    explained = cli("gate", "--explain", "max-growth").stdout
    assert "Growth of the content" in explained and 'max-growth = "5%"' in explained
    wrong = cli("gate", "--explain", "maxGrowth")
    assert wrong.returncode == 2 and "did you mean 'max-growth'" in wrong.stderr


def test_findings_stand_in_the_dockerfile(cli: Cli, place: Path) -> None:
    below = place / "build dir"
    below.mkdir()
    file = below / "Dockerfile"
    file.write_bytes((ROOT / "testdata/dockerfiles/tour.Dockerfile").read_bytes())
    flags = ("--max-single-layer", "3kB", "--dockerfile", str(file), "--report", "sarif=out.sarif")
    done = cli("gate", BUILDKIT, *flags, "--format", "json", cwd=place)
    (verdict,) = document(done)["verdicts"]
    lines = {each["layer"]: each["instruction"]["line"] for each in verdict["results"][0]["offenders"]}
    text = file.read_text().splitlines()
    assert {layer: text[line - 1].split()[0] for layer, line in lines.items()} == {0: "ADD", 1: "COPY", 3: "RUN"}
    results = json.loads((place / "out.sarif").read_text())["runs"][0]["results"]
    places = [each["locations"][0]["physicalLocation"] for each in results]
    assert {each["artifactLocation"]["uri"] for each in places} == {"build%20dir/Dockerfile"}
    assert {each["region"]["startLine"] for each in places} == set(lines.values())
    wrong = cli("gate", BUILDKIT, "--max-layers", "3", "--dockerfile", "nosuch", "--report", "json=e.json", cwd=place)
    assert wrong.returncode == 2 and json.loads((place / "e.json").read_text())["errors"]
