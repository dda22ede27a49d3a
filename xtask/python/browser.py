"""Notebooks in a real JupyterLab: browser.py JUPYTER FOLDER SCREENSHOTS CHROMIUM NOTEBOOK …

JUPYTER is the program, FOLDER a copy of the project's notebooks, which JupyterLab is started on, on loopback. Every
notebook is opened in headless Chromium, and its figures and tables must be on the page: as many as it holds, every
figure with pixels in it. A notebook behind `run:` is executed there first, with the project's kernel, and so are a completion
and a call for documentation. One line for each check; a picture of every page in SCREENSHOTS.
"""
import json
import pathlib
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.request

from playwright.sync_api import sync_playwright

# All cells are on the page, not only those in view.
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none", "recordTiming": False},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
OUTPUT = ".jp-Notebook .jp-OutputArea-output"
# Compiling the library again, after an edit, is part of a kernel's start.
LONGEST = 1800


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def expected(path):
    """Figures and tables that a notebook holds."""
    cells = json.loads(path.read_text())["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    held = [output.get("data", {}) for output in outputs]
    return sum("image/png" in data for data in held), sum("".join(data.get("text/html", "")).count("<table") for data in held)


class Lab:
    """JupyterLab on loopback."""

    def __init__(self, jupyter, folder, settings):
        for name, values in SETTINGS.items():
            package, plugin = name.split("/")
            file = settings / "@jupyterlab" / package / f"{plugin}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))
        port, token = free_port(), secrets.token_hex(16)
        self.address = f"http://127.0.0.1:{port}"
        self.token = token
        self.log = open(settings / "jupyterlab.log", "w")
        self.process = subprocess.Popen(
            [jupyter, "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
             "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}",
             f"--LabApp.user_settings_dir={settings}", "--expose-app-in-browser"],
            stdout=self.log, stderr=subprocess.STDOUT)
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.address}/api?token={token}", timeout=5)
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.2)
        raise SystemExit(f"JupyterLab does not start, see {self.log.name}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()


class Checks:
    def __init__(self):
        self.failed = 0

    def that(self, holds, text):
        print(f"   {'ok    ' if holds else 'FAILED'}  {text}", flush=True)
        self.failed += not holds


def command(page, name, arguments=None):
    page.evaluate("([name, arguments]) => window.jupyterapp.commands.execute(name, arguments)", [name, arguments or {}])


def open_notebook(page, lab, name):
    page.goto(f"{lab.address}/lab/tree/{name}?reset&token={lab.token}", timeout=120_000)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
    page.wait_for_function("() => document.querySelectorAll('.jp-Notebook .jp-MarkdownOutput').length > 0", timeout=60_000)
    time.sleep(2)


def execute(page, checks, name):
    """All cells, in the browser; outputs of before are cleared first."""
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']", timeout=LONGEST * 1000)
    command(page, "notebook:clear-all-cell-outputs")
    page.wait_for_function(f"() => document.querySelectorAll('{OUTPUT}').length === 0", timeout=30_000)
    start = time.time()
    command(page, "notebook:run-all-cells")
    done = """() => {
        const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(p => p.innerText.trim());
        return prompts.length > 0 && prompts.every(p => /^\\[\\d+\\]:?$/.test(p));
    }"""
    page.wait_for_function(done, timeout=LONGEST * 1000)
    checks.that(True, f"{name} executed in the browser ({time.time() - start:.1f} s)")


def on_page(page, checks, path, name):
    figures, tables = expected(path)
    shown = page.evaluate("""() => [...document.querySelectorAll('.jp-OutputArea-output.jp-RenderedImage img')]
        .map(image => [image.complete, image.naturalWidth, image.clientWidth])""")
    good = [image for image in shown if image[0] and image[1] > 100 and image[2] > 50]
    checks.that(len(good) == figures, f"{name}: {len(good)} of {figures} figures are on the page")
    found = page.locator(".jp-OutputArea-output.jp-RenderedHTMLCommon table").count()
    checks.that(found == tables, f"{name}: {found} of {tables} tables are on the page")
    errors = page.locator("[data-mime-type='application/vnd.jupyter.stderr'], [data-mime-type='application/vnd.jupyter.error']")
    checks.that(errors.count() == 0, f"{name}: no errors on the page")


def helped(page, checks):
    """Completion and documentation, as a person asks for them: in a new cell."""
    command(page, "notebook:insert-cell-below")
    cell = page.locator(".jp-Notebook .jp-Cell.jp-mod-active")
    cell.locator(".cm-content").click()
    page.keyboard.type("Training::n", delay=20)
    page.keyboard.press("Tab")
    completer = page.locator(".jp-Completer-item")
    try:
        completer.first.wait_for(timeout=60_000)
    except Exception:
        pass
    offered = completer.all_inner_texts()
    checks.that(any("new" in text for text in offered) or "new" in cell.inner_text(), f"completion of `Training::n`: {offered[:3]}")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+A")
    page.keyboard.type(":doc Training", delay=20)
    command(page, "notebook:run-cell")
    outputs = cell.locator(".jp-OutputArea-output")
    try:
        outputs.first.wait_for(timeout=60_000)
    except Exception:
        pass
    text = " ".join(outputs.all_inner_texts())
    checks.that("epochs" in text, f"documentation of `Training`: {re.sub(r'[ ]+', ' ', text)[:70]!r}")


def picture(page, path):
    """The whole notebook, not only what fits into the window."""
    height = page.evaluate("""() => {
        const inner = document.querySelector('.jp-Notebook');
        return Math.max(...[inner, ...inner.querySelectorAll('.jp-WindowedPanel-outer')].map(e => e.scrollHeight));
    }""")
    page.set_viewport_size({"width": 1200, "height": min(int(height) + 200, 12_000)})
    time.sleep(1)
    page.evaluate("document.querySelectorAll('.jp-WindowedPanel-outer').forEach(panel => { panel.scrollTop = 0; })")
    time.sleep(0.5)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    page.set_viewport_size({"width": 1200, "height": 1000})


def main():
    jupyter, folder, screenshots, chromium, *notebooks = sys.argv[1:]
    folder, screenshots = pathlib.Path(folder), pathlib.Path(screenshots)
    lab, checks = Lab(jupyter, folder, screenshots / "settings"), Checks()
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"])
            for notebook in notebooks:
                run, name = notebook.startswith("run:"), notebook.removeprefix("run:")
                page = browser.new_page(viewport={"width": 1200, "height": 1000})
                try:
                    open_notebook(page, lab, name)
                    if run:
                        execute(page, checks, name)
                    on_page(page, checks, folder / name, name)
                    picture(page, (screenshots / name).with_suffix(".png"))
                    if run:
                        helped(page, checks)
                except Exception as error:  # A page that does not come is a failed check, not the end of all.
                    checks.that(False, f"{name}: {str(error).splitlines()[0]}")
                finally:
                    command_quietly(page)
                    page.close()
            browser.close()
    finally:
        lab.stop()
    return min(checks.failed, 1)


def command_quietly(page):
    """Ends the kernel of the notebook, so that the next has the memory."""
    try:
        command(page, "kernelmenu:shutdown")
        time.sleep(1)
    except Exception:
        pass


if __name__ == "__main__":
    sys.exit(main())
