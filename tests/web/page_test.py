#!/usr/bin/env python3
"""The page of the live view in a real Chromium, on a tree that runs.

TROUPE_TOOL (or the first argument) is the program. Needs chromium, chromium-driver and python3-selenium of Debian; where
they are missing it is skipped, and says so.
"""

import os
import re
import subprocess
import sys
import time
import unittest

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    debian = "/usr/bin/python3"  # for which Debian's python3-selenium is made
    if os.path.exists(debian) and os.path.realpath(sys.executable) != os.path.realpath(debian) and "WEB_AGAIN" not in os.environ:
        os.execve(debian, [debian] + sys.argv, dict(os.environ, WEB_AGAIN="1"))
    print("skipped: no selenium for python3: apt-get install python3-selenium")
    sys.exit(77)

TOOL = os.environ.get("TROUPE_TOOL") or (sys.argv.pop(1) if len(sys.argv) > 1 else "")
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
for needed in (CHROMIUM, DRIVER):
    if not os.path.exists(needed):
        print("skipped: no %s: apt-get install chromium chromium-driver" % needed)
        sys.exit(77)

CALM = ("storm", "--seconds", "120", "--crash-rate", "0")
ENOUGH = 20  # seconds that nothing here should need


class Program:
    """The command with an observer, until it is closed."""

    def __init__(self, *arguments, port="0"):
        self.process = subprocess.Popen([TOOL, "run", *arguments, "--observe", port], stderr=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, text=True)
        for line in self.process.stderr:
            found = re.search(r"http://\S+", line)
            if found:
                self.url = found.group(0)
                break
        else:
            raise RuntimeError("the program does not say where it can be watched")
        self.port = re.search(r":(\d+)/", self.url).group(1)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = cls.new_browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()

    @staticmethod
    def new_browser():
        options = Options()
        options.binary_location = CHROMIUM
        for each in ("--headless=new", "--no-sandbox", "--window-size=1360,860", "--disable-dev-shm-usage"):
            options.add_argument(each)
        return webdriver.Chrome(service=Service(DRIVER), options=options)

    def watch(self, *arguments):
        program = Program(*arguments)
        self.addCleanup(program.close)
        self.browser.get(program.url)
        return program

    def until(self, what, seconds=ENOUGH):
        """What `what()` gives once it is true; how long that took is in `took`."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            try:
                found = what()
            except Exception:  # an element that was drawn anew meanwhile
                found = None
            if found:
                self.took = time.monotonic() - began
                return found
            time.sleep(0.02)
        self.fail("not so within %s s" % seconds)

    def node(self, path, browser=None):
        return (browser or self.browser).find_element(By.CSS_SELECTOR, '.node[data-path="%s"]' % path)

    def restarts(self, path):
        return int(self.node(path).get_attribute("data-restarts"))

    def order(self, action):
        return self.browser.find_element(By.CSS_SELECTOR, '[data-action="%s"]' % action)

    def test_the_tree_appears_and_a_click_shows_details(self):
        self.watch(*CALM)
        self.until(lambda: self.node("/app/ingest/parser-1"))
        self.node("/app/ingest/parser-1").click()
        details = self.until(lambda: self.browser.find_element(By.CSS_SELECTOR, "#details dl").text)
        for word in ("incarnation", "running", "waits to", "sleep"):
            self.assertIn(word, details)
        self.assertEqual(self.browser.find_element(By.ID, "connection").get_attribute("data-state"), "live")
        self.assertFalse(self.browser.find_elements(By.CSS_SELECTOR, "[data-action]"), "no buttons without --control")

    def test_a_crash_shows_within_500_ms_and_a_restart_count_rises(self):
        self.watch(*CALM, "--control")
        self.until(lambda: self.node("/app/ingest/parser-1")).click()
        self.until(lambda: self.order("crash")).click()
        self.until(lambda: self.restarts("/app/ingest/parser-1") == 1 or
                   "killed" in self.browser.find_element(By.ID, "events").text)
        self.assertLess(self.took, 0.5)
        self.until(lambda: self.restarts("/app/ingest/parser-1") == 1)
        self.until(lambda: "/app/ingest/parser-1 #1" in self.browser.find_element(By.ID, "events").text)

    def test_orders_are_refused_without_control(self):
        self.watch(*CALM)
        status = self.browser.execute_async_script("""
            const done = arguments[0];
            fetch('/control', {method: 'POST', headers: {'Content-Type': 'application/json'},
                body: JSON.stringify({action: 'crash', path: '/app/ingest/parser-1'})}).then(a => done(a.status));""")
        self.assertEqual(status, 403)

    def test_the_keyboard_reaches_a_node(self):
        self.watch(*CALM)
        self.until(lambda: self.node("/app/store"))
        self.node("/").click()
        active = self.browser.switch_to.active_element
        active.send_keys(Keys.ARROW_RIGHT)
        self.browser.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
        self.assertEqual(self.browser.switch_to.active_element.get_attribute("data-path"), "/app/archive")
        self.browser.switch_to.active_element.send_keys(Keys.ENTER)
        self.assertIn("/app/archive", self.browser.find_element(By.ID, "details").text)

    def test_a_second_client_and_a_reload_see_the_same(self):
        program = self.watch(*CALM)
        self.until(lambda: self.node("/app/store"))
        second = self.new_browser()
        self.addCleanup(second.quit)
        second.get(program.url)
        self.until(lambda: self.node("/app/store", second))
        self.browser.refresh()
        self.until(lambda: self.node("/app/store"))
        self.until(lambda: "parser-1" in self.browser.find_element(By.ID, "events").text)

    def test_a_server_that_goes_away_is_told_of_and_comes_back(self):
        first = self.watch(*CALM)
        self.until(lambda: self.node("/app/store"))
        state = lambda: self.browser.find_element(By.ID, "connection").get_attribute("data-state")
        first.close()
        self.until(lambda: state() == "gone")
        again = Program(*CALM, port=first.port)
        self.addCleanup(again.close)
        self.until(lambda: state() == "live")

    def test_400_nodes_are_drawn_without_stutter(self):
        self.watch(*CALM, "--workers", "133")  # each of which begins to sleep anew ten times a second or more
        self.until(lambda: len(self.browser.find_elements(By.CSS_SELECTOR, ".node")) >= 400)
        worst, frames = self.browser.execute_async_script("""
            const done = arguments[0], times = []; let last = performance.now();
            const next = now => { times.push(now - last); last = now;
                if (times.length < 180) return requestAnimationFrame(next);
                times.sort((a, b) => a - b); done([times[Math.floor(times.length * 0.95)], times.length]); };
            requestAnimationFrame(next);""")
        self.assertEqual(frames, 180)
        self.assertLess(worst, 100, "the 95th percentile of the time between two frames, in ms")

    def test_hundreds_of_children_are_folded(self):
        self.watch("storm", "--seconds", "120", "--workers", "1024", "--crash-rate", "0")
        fold = self.until(lambda: self.browser.find_element(By.CSS_SELECTOR, ".node.fold"))
        self.assertIn("running", fold.get_attribute("aria-label"))
        self.assertLess(len(self.browser.find_elements(By.CSS_SELECTOR, ".node")), 100)


if __name__ == "__main__":
    unittest.main(verbosity=2)
