"""Two kernels at the same time must not run each other's code.

Two evcxrs that share a directory do: one executes what the other has just compiled. Both notebooks
here print markers of their own, cell by cell, at the same time.
"""
import asyncio
import sys

import nbformat
from nbclient import NotebookClient

CELLS = 10


def notebook(name):
    book = nbformat.v4.new_notebook()
    sources = [f'use eigengate::ndarray::Array1;\nlet mut seen: Vec<String> = vec!["{name}".into()];']
    sources += [f'seen.push(format!("{name}{i}"));\nprintln!("{name}{i} of {{}}, sum {{}}", seen[0], '
                f'Array1::from_elem({i + 1}, 2.0).sum());' for i in range(CELLS)]
    book.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return book


async def outputs(name):
    book = notebook(name)
    await NotebookClient(book, timeout=600, startup_timeout=900, kernel_name="eigengate").async_execute()
    return ["".join(output.get("text", "") for output in cell.outputs) for cell in book.cells[1:]]


async def main():
    names = ["first", "second"]
    wrong = 0
    for name, found in zip(names, await asyncio.gather(*map(outputs, names))):
        for i, text in enumerate(found):
            expected = f"{name}{i} of {name}, sum {2 * (i + 1)}\n"
            if text != expected:
                wrong += 1
                print(f"cell {i} of the {name} notebook printed {text!r}, expected {expected!r}")
    return wrong


if __name__ == "__main__":
    sys.exit(min(asyncio.run(main()), 1))
