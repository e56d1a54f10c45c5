"""Writes copies of the sources in which each rule of the protocol can be broken, and the table of rules.

Usage: mutate.py SOURCE_DIR OUT_DIR
"""

import pathlib
import sys

from rules import RULES


def mutated_files():
    """The sources that have mutants, in the order of the table."""
    files = []
    for rule in RULES:
        files += [file for file, _, _ in rule.edits if file not in files]
    return files


def apply_edits(sources):
    for rule in RULES:
        for file, text, replacement in rule.edits:
            found = sources[file].count(text)
            if found != 1:
                sys.exit(f"mutate: M{rule.number}: {file} has this {found} times, not once:\n{text}")
            sources[file] = sources[file].replace(text, replacement)


def compose(file, text):
    """The copy: it knows Mutant() and still finds what the original includes."""
    first_namespace = text.index("namespace quire")
    head, body = text[:first_namespace], text[first_namespace:]
    name = body[len("namespace "):body.index(" {")]
    using = "" if name == "quire::simulation" else "using quire::simulation::Mutant;\n"
    opening = body.index("{\n") + 2
    return (f"// Made from {file} by mutate.py.\n#include <map>\n#include <tuple>\n"
            f'#include "tests/simulation/mutants/mutant.h"\n{head}'
            f"{body[:opening]}{using}{body[opening:]}")


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def table():
    rows = [f'    {{{rule.number}, {quoted(rule.what)}, {quoted(profile)}, {quoted(rule.harmless)}}},'
            for rule in RULES for profile in rule.profiles]
    return ('#include "tests/simulation/mutants/rule_table.h"\n\nnamespace quire::simulation {\n\n'
            "const std::vector<MutantRule>& MutantRules() {\n"
            "  static const std::vector<MutantRule> rules = {\n" + "\n".join(rows) +
            "\n  };\n  return rules;\n}\n\n}  // namespace quire::simulation\n")


def write_if_changed(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main():
    source_dir, out_dir = map(pathlib.Path, sys.argv[1:3])
    sources = {file: (source_dir / file).read_text() for file in mutated_files()}
    apply_edits(sources)
    out_dir.mkdir(parents=True, exist_ok=True)
    for file, text in sources.items():
        write_if_changed(out_dir / file.replace("/", "_"), compose(file, text))
    write_if_changed(out_dir / "rule_table.cc", table())


if __name__ == "__main__":
    main()
