"""Execute a notebook in its own directory: execute.py SOURCE TARGET

The outputs end up in TARGET, also those before an error; whether they are good is checked elsewhere.
What depends on the run but not on the result (times, counters, how output was cut into pieces) is
left out, so that the same results give the same bytes.
"""
import pathlib
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def merged(outputs):
    """Neighbouring pieces of one stream as one output."""
    result = []
    for output in outputs:
        last = result[-1] if result else None
        if last and output.output_type == "stream" == last.output_type and output.name == last.name:
            last.text += output.text
        else:
            result.append(output)
    return result


def normalize(book):
    """Counts from 1 (evcxr from 2), and no trace of the run."""
    count = 0
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        if cell.execution_count is not None:
            count += 1
            cell.execution_count = count
        cell.outputs = merged(cell.outputs)
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count


def main():
    source, target = map(pathlib.Path, sys.argv[1:])
    book = nbformat.read(source, 4)
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    # The kernel may have to compile an edited library before it answers, hence the startup time.
    client = NotebookClient(book, timeout=3600, startup_timeout=900, record_timing=False,
                            resources={"metadata": {"path": str(source.parent)}})
    try:
        client.execute()
    except CellExecutionError:
        pass  # It is in the outputs.
    normalize(book)
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, target)


if __name__ == "__main__":
    main()
