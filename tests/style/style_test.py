#!/usr/bin/env python3
"""The style of the house as a test: sizes, floors, third-party homes and words that do not belong.

Usage: style_test.py ROOT. Prints each finding as file:line and what to do instead; exit 1 if any."""
import pathlib
import re
import subprocess
import sys

MAX_FILE_LINES = 400
MAX_COLUMNS = 100

# What each folder may include of the others (README, "The house"). Neighbours never include each other.
FLOORS = {
    "common": set(),
    "protocol": {"common"},
    "rpc": {"common", "protocol"},
    "metadata": {"common", "protocol"},
    "client": {"common", "protocol", "rpc", "metadata"},
    "bookie": {"common", "protocol", "rpc", "metadata"},
    "testing": {"common", "protocol", "rpc", "metadata", "client", "bookie"},
    "tools": {"common", "protocol", "rpc", "metadata", "client", "bookie", "testing"},
}

# The one home of each third-party header: a pattern of includes, and where they may stand.
HOMES = [
    (re.compile(r"[<\"](thrift/|.*_types\.h|Bookie\.h)"),
     re.compile(r"^(rpc|metadata)/|^protocol/untrusted_reader\.h$")),
    (re.compile(r"[<\"]rocksdb/"), re.compile(r"^bookie/index[a-z_]*\.cc$")),
    (re.compile(r"[<\"]zookeeper/"), re.compile(r"^metadata/zookeeper_[a-z_]*\.(h|cc)$")),
    (re.compile(r"[<\"]openssl/"), re.compile(r"^rpc/")),
    (re.compile(r"[<\"]boost/asio"), re.compile(r"^rpc/")),
    (re.compile(r"[<\"]boost/beast"), re.compile(r"^(bookie/http_server|tools/http_client)\.cc$")),
    (re.compile(r"[<\"]spdlog/"), re.compile(r"^bookie/log_[a-z_]*\.cc$")),
    (re.compile(r"[<\"]toml\+\+/"), re.compile(r"^bookie/config_toml\.cc$")),
    (re.compile(r"[<\"]prometheus/"), re.compile(r"^bookie/metrics_text\.(h|cc)$")),
    (re.compile(r"[<\"]systemd/"), re.compile(r"^bookie/service_notifier\.cc$")),
    (re.compile(r"[<\"]isa-l"), re.compile(r"^common/crc32c\.cc$")),
]

BANNED = [
    (re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"), "finish it, or say in docs/ what is missing"),
    (re.compile(r"#ifndef \w+_H_?\b"), "#pragma once"),
    (re.compile(r"\bassert\("), "QUIRE_CHECK, which stays on in release builds"),
    (re.compile(r"std::rand\b|\bsrand\("), "common::Random given by reference"),
]

SOURCES = {".h", ".cc"}
TEXTS = SOURCES | {".py", ".sh", ".thrift", ".md", ".cmake", ".txt"}


def tracked_files(root):
    names = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=False).stdout.split("\n")
    return [root / n for n in names if n and (root / n).is_file()]


def check_source(name, number, line, findings):
    folder = name.split("/")[0]
    include = re.match(r'#include ([<"].*[>"])', line)
    if include and folder in FLOORS:
        target = include.group(1)[1:].split("/")[0]
        if target in FLOORS and target != folder and target not in FLOORS[folder]:
            findings.append(f"{name}:{number}: {folder}/ must not include {target}/ (floors)")
    if include and not name.startswith("tests/"):
        for pattern, home in HOMES:
            if pattern.match(include.group(1)) and not home.search(name):
                findings.append(f"{name}:{number}: {include.group(1)} has another home: {home.pattern}")
    if re.search(r"\busing namespace\b", line) and not name.startswith("tests/"):
        findings.append(f"{name}:{number}: using namespace: name what you use")
    for pattern, instead in BANNED:
        if pattern.search(line):
            findings.append(f"{name}:{number}: '{pattern.search(line).group(0)}': {instead}")


def check_file(root, path, findings):
    name = str(path.relative_to(root))
    if path.suffix not in TEXTS or name.startswith("tests/style/"):
        return
    lines = path.read_text(encoding="utf-8").split("\n")
    if path.suffix in SOURCES | {".py", ".sh"} and len(lines) > MAX_FILE_LINES + 1:
        findings.append(f"{name}: {len(lines)} lines; more than {MAX_FILE_LINES} are two ideas: split it")
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            findings.append(f"{name}:{number}: space at the end of the line")
        if path.suffix in SOURCES:
            if len(line) > MAX_COLUMNS:
                findings.append(f"{name}:{number}: {len(line)} columns; {MAX_COLUMNS} are enough")
            check_source(name, number, line, findings)
    if path.suffix == ".h" and "#pragma once" not in lines[:5]:
        findings.append(f"{name}: a header begins with #pragma once")


def check_scenarios(root, findings):
    """Every test that docs/testing.md names for a scenario is there."""
    there = set()
    for path in (root / "tests").rglob("*_test.cc"):
        there |= set(re.findall(r"^TEST\w*\((\w+),\s+(\w+)\)", path.read_text(encoding="utf-8"), re.M))
    for number, line in enumerate((root / "docs/testing.md").read_text(encoding="utf-8").split("\n"), 1):
        if not re.match(r"\| [GHIL]\d\d \|", line):
            continue
        for suite, name in re.findall(r"`(\w+)\.(\w+)`", line):
            if (suite, name) not in there:
                findings.append(f"docs/testing.md:{number}: there is no test {suite}.{name}")


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    files = tracked_files(root)
    if len(files) < 20:
        print(f"only {len(files)} files found under {root}: is this the repository?")
        return 1
    findings = []
    for path in files:
        check_file(root, path, findings)
    check_scenarios(root, findings)
    print("\n".join(findings) or f"{len(files)} files, nothing to say")
    return 1 if findings else 0


sys.exit(main())
