"""Writes the template of a package: each function's code is the zip that lies beside it.

    python3 package.py template.yaml target/package/template.yaml
"""

import sys


def packaged(lines):
    """The template's lines with CodeUri of every function set to its program's zip."""
    binary = None
    for line in lines:
        text = line.strip()
        if text == "CodeUri: .":
            continue
        if text.startswith("Binary: "):
            binary = text.removeprefix("Binary: ")
        yield line
        if text == "Properties:" and binary:
            indent = line[: len(line) - len(line.lstrip())]
            yield f"{indent}  CodeUri: {binary}/bootstrap.zip\n"
            binary = None


def main():
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as template:
        lines = list(packaged(template))
    with open(target, "w", encoding="utf-8") as template:
        template.writelines(lines)


main()
