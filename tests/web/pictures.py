"""Takes the pictures of the README anew: `python3 tests/web/pictures.py build/release/tools/troupe`. Then look at them."""

import os

import page_test

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "pictures")

# Resolves once a worker has just failed, and the node was clicked whose details are to be in the picture.
READY = """
const [path, flows, done] = arguments;
const look = () => {
    const node = document.querySelector('.node[data-path="' + path + '"]');
    if (!node || !document.querySelector('.node.failed') || flows && !document.querySelector('.flow.full')) return requestAnimationFrame(look);
    node.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    setTimeout(done, 50);
};
look();"""


def take(name, topology, path, flows):
    browser = page_test.Case.new_browser()
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 1200, "height": 637, "deviceScaleFactor": 1, "mobile": False})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "light"}]})
    program = page_test.tool(*topology, "--control")
    try:
        browser.get(program.url)
        browser.execute_async_script(READY, path, flows)
        browser.save_screenshot(os.path.join(FOLDER, name))
    finally:
        program.close()
        browser.quit()


if __name__ == "__main__":
    take("storm.png", ("storm", "--seconds", "60"), "/app/store/shard-1", False)
    take("workers.png", ("workers",), "/app/worker-3", True)
