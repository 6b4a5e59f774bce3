#!/usr/bin/env python3
"""The page of the live view in a real Chromium, on a tree that runs.

TROUPE_TOOL (or the first argument) is the program, TROUPE_CROWD that of crowd.cpp. With TROUPE_IS_SLOW=1 they are sanitized, or
not optimised: then everything may take longer. Needs chromium, chromium-driver and python3-selenium of Debian; where they
are missing it is skipped, and says so.
"""

import os
import re
import subprocess
import sys
import tempfile
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
CROWD = os.environ.get("TROUPE_CROWD") or os.path.join(os.path.dirname(TOOL), "..", "tests", "troupe_web_crowd")
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
for needed in (CHROMIUM, DRIVER):
    if not os.path.exists(needed):
        print("skipped: no %s: apt-get install chromium chromium-driver" % needed)
        sys.exit(77)

STUCK = """
[run]
lasts = "60s"
[supervisor.app]
[node.c]
kind = "client"
items = 100
count = 8
""" + "".join("""
[node.%s]
kind = "server"
at_once = 2
""" % name for name in "ab") + "".join("""
[[edge]]
from = "%s"
to = "%s"
how = "ask"
within = "1h"
""" % edge for edge in (("c", "a"), ("a", "b"), ("b", "a")))
ENDS = """
[run]
lasts = "60s"
[supervisor.app]
[node.short]
kind = "worker"
items = 1
restart = "transient"
[node.long]
kind = "worker"
"""
CALM = ("storm", "--seconds", "120", "--crash-rate", "0")
PATIENCE = 5 if os.environ.get("TROUPE_IS_SLOW") == "1" else 1  # how many times as long something may take
ENOUGH = 20 * PATIENCE  # seconds that nothing here should need


class Program:
    """A program with an observer, until it is closed."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
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


def tool(*arguments, port="0"):
    return Program(TOOL, "run", *arguments, "--observe", port)


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

    def watch(self, program):
        self.addCleanup(program.close)
        self.browser.get(program.url)
        return program

    def screen(self, width, height):
        self.addCleanup(self.browser.execute_cdp_cmd, "Emulation.clearDeviceMetricsOverride", {})
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def media(self, name, value):
        self.addCleanup(self.browser.execute_cdp_cmd, "Emulation.setEmulatedMedia", {"features": []})
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": name, "value": value}]})

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

    def best_of_three(self, limit, measure):
        """Others may use the machine, too."""
        seen = []
        while len(seen) < 3 and (not seen or seen[-1] >= limit * PATIENCE):
            seen.append(measure())
        self.assertLess(seen[-1], limit * PATIENCE, seen)

    def restarts(self, path):
        return int(self.node(path).get_attribute("data-restarts"))

    def order(self, action):
        return self.browser.find_element(By.CSS_SELECTOR, '[data-action="%s"]' % action)

    def test_the_tree_appears_and_a_click_shows_details(self):
        self.watch(tool(*CALM))
        self.until(lambda: self.node("/app/ingest/parser-1"))
        self.node("/app/ingest/parser-1").click()
        details = self.until(lambda: self.browser.find_element(By.CSS_SELECTOR, "#details dl").text)
        for word in ("incarnation", "running", "waits to", "sleep"):
            self.assertIn(word, details)
        self.assertEqual(self.browser.find_element(By.ID, "connection").get_attribute("data-state"), "live")
        self.assertFalse(self.browser.find_elements(By.CSS_SELECTOR, "[data-action]"), "no buttons without --control")

    def test_a_crash_shows_within_500_ms_and_a_restart_count_rises(self):
        self.watch(tool(*CALM, "--control"))
        self.until(lambda: self.node("/app/ingest/parser-1")).click()
        self.until(lambda: self.order("crash"))
        self.best_of_three(500, lambda: self.browser.execute_async_script("""
            const done = arguments[0], began = performance.now();
            const crashes = () => document.getElementById('events').textContent.split('killed').length, before = crashes();
            document.querySelector('[data-action="crash"]').click();
            const look = () => crashes() > before ? done(performance.now() - began) : requestAnimationFrame(look);
            look();"""))
        self.until(lambda: self.restarts("/app/ingest/parser-1") >= 1)
        self.until(lambda: "/app/ingest/parser-1 #1" in self.browser.find_element(By.ID, "events").text)

    def test_orders_are_refused_without_control(self):
        self.watch(tool(*CALM))
        status = self.browser.execute_async_script("""
            const done = arguments[0];
            fetch('/control', {method: 'POST', headers: {'Content-Type': 'application/json'},
                body: JSON.stringify({action: 'crash', path: '/app/ingest/parser-1'})}).then(a => done(a.status));""")
        self.assertEqual(status, 403)

    def press(self, *keys):
        """What has the focus after that."""
        for key in keys:
            self.browser.switch_to.active_element.send_keys(key)
        return self.browser.switch_to.active_element

    def test_the_keyboard_alone_reaches_a_node_and_its_orders(self):
        self.watch(tool(*CALM, "--control"))
        self.until(lambda: self.node("/app/store"))
        while "node" not in (self.press(Keys.TAB).get_attribute("class") or ""):
            self.assertNotEqual(self.browser.switch_to.active_element.tag_name, "body", "Tab went past the tree")
        self.assertEqual(self.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT).get_attribute("data-path"), "/app/archive")
        self.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ENTER)
        self.assertIn("/app/ingest/parser-1", self.browser.find_element(By.ID, "details").text)
        self.assertEqual(self.press(Keys.TAB).get_attribute("data-action"), "crash")
        self.press(Keys.ENTER)
        self.until(lambda: "killed" in self.browser.find_element(By.ID, "events").text)

    def test_a_node_that_the_keyboard_reaches_is_brought_into_the_picture(self):
        self.screen(400, 800)
        self.watch(Program(CROWD, "0", "40"))
        self.until(lambda: self.node("/team-0/taker-39"))
        self.until(lambda: not self.in_picture(self.node("/team-0/taker-39")))
        self.browser.execute_script("document.querySelector('.node[tabindex=\"0\"]').focus()")
        last = self.press(Keys.END)
        self.assertEqual(last.get_attribute("data-path"), "/team-0/taker-39")
        self.assertTrue(self.in_picture(last))

    def in_picture(self, node):
        return self.browser.execute_script("""
            const at = arguments[0].getBoundingClientRect(), all = document.getElementById('tree').getBoundingClientRect();
            return at.left >= all.left && at.right <= all.right && at.top >= all.top && at.bottom <= all.bottom;""", node)

    def test_narrow_screens_have_all_of_it_in_their_width_and_text_that_can_be_read(self):
        for width in (400, 800):
            with self.subTest(width=width):
                self.screen(width, 800)
                self.watch(tool(*CALM, "--control"))
                self.until(lambda: self.node("/app/ingest/parser-1")).click()
                self.until(lambda: self.order("crash"))
                cut = self.browser.execute_script("""
                    const room = document.documentElement.clientWidth;
                    const wide = [...document.querySelectorAll('body *')].filter(each => !each.closest('svg') &&
                        !each.closest('.unseen') && each.getBoundingClientRect().right > room);
                    return [document.documentElement.scrollWidth - room, wide.map(each => each.outerHTML.slice(0, 80))];""")
                self.assertEqual(cut, [0, []])
                name = self.browser.find_element(By.CSS_SELECTOR, ".node .name")
                self.assertGreater(name.rect["height"], 8, "pixels")

    def test_nothing_moves_by_itself_where_people_want_that(self):
        for wish, longest in (("no-preference", 0.25), ("reduce", 0)):
            self.media("prefers-reduced-motion", wish)
            self.watch(tool("storm", "--seconds", "120"))
            self.until(lambda: self.browser.find_elements(By.CSS_SELECTOR, ".node.failed"))
            found = self.browser.execute_script("""
                const all = [...document.querySelectorAll('*')].map(each => getComputedStyle(each));
                return Math.max(...all.flatMap(each => [parseFloat(each.transitionDuration), parseFloat(each.animationDuration)]));""")
            self.assertEqual(found, longest, wish)

    def test_it_is_dark_or_light_as_the_system_is_until_somebody_chooses(self):
        back = lambda: self.browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        seen = {}
        program = tool(*CALM)
        for scheme in ("dark", "light"):
            self.media("prefers-color-scheme", scheme)
            self.watch(program)
            seen[scheme] = back()
        self.assertNotEqual(seen["dark"], seen["light"])
        self.browser.find_element(By.ID, "theme").click()
        self.assertEqual(back(), seen["dark"])
        self.browser.refresh()
        self.assertEqual(back(), seen["dark"])

    def test_it_follows_the_system_while_nobody_has_chosen_and_boxes_and_bars_go_with_it(self):
        seen = lambda: self.browser.execute_script("""
            const of = each => getComputedStyle(each).colorScheme;
            return [document.documentElement.dataset.theme, of(document.documentElement), of(document.getElementById('only'))];""")
        self.media("prefers-color-scheme", "dark")
        self.watch(tool(*CALM))
        self.assertEqual(seen(), ["dark"] * 3)
        self.media("prefers-color-scheme", "light")
        self.until(lambda: seen() == ["light"] * 3)
        self.browser.find_element(By.ID, "theme").click()
        self.assertEqual(seen(), ["dark"] * 3)
        self.media("prefers-color-scheme", "dark")
        self.browser.find_element(By.ID, "theme").click()
        self.assertEqual(seen(), ["light"] * 3)

    def test_an_order_that_is_refused_says_so_beside_its_button(self):
        self.watch(tool(*CALM, "--control"))
        self.until(lambda: self.node("/app/store")).click()
        answer = lambda: self.browser.find_element(By.CSS_SELECTOR, "#details .answer")
        self.until(lambda: self.order("restart")).click()
        self.until(lambda: answer().is_displayed() and answer().text == "restart begun")
        self.browser.execute_script("""
            window.fetch = async () => new Response('troupe: there is no child like that\\n', {status: 409});""")
        self.order("crash").click()
        self.until(lambda: answer().text == "✕ crash refused: there is no child like that")

    def test_a_second_client_and_a_reload_see_the_same(self):
        program = self.watch(tool(*CALM))
        self.until(lambda: self.node("/app/store"))
        second = self.new_browser()
        self.addCleanup(second.quit)
        second.get(program.url)
        self.until(lambda: self.node("/app/store", second))
        self.browser.refresh()
        self.until(lambda: self.node("/app/store"))
        self.until(lambda: "parser-1" in self.browser.find_element(By.ID, "events").text)

    def test_a_server_that_goes_away_is_told_of_and_comes_back(self):
        first = self.watch(tool(*CALM))
        self.until(lambda: self.node("/app/store"))
        state = lambda: self.browser.find_element(By.ID, "connection").get_attribute("data-state")
        first.close()
        self.until(lambda: state() == "gone")
        again = tool(*CALM, port=first.port)
        self.addCleanup(again.close)
        self.until(lambda: state() == "live")

    def topology(self, text):
        """The program that runs what this file describes."""
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(text)
            file.flush()
            return self.watch(tool(file.name))

    def test_the_nodes_of_a_topology_show_their_mailboxes_what_they_have_in_hand_and_whom_they_wait_for(self):
        self.topology(STUCK)
        self.until(lambda: "in a cycle of waits" in self.node("/app/a").get_attribute("aria-label"))
        self.assertIn("mailbox 8 of 100", self.node("/app/a").get_attribute("aria-label"))
        self.assertIn("1 cycle of waits", self.browser.find_element(By.ID, "totals").text)
        self.until(lambda: self.browser.find_elements(By.CSS_SELECTOR, ".link.cycle"))
        self.node("/app/a").click()
        facts = self.until(lambda: self.browser.find_element(By.CSS_SELECTOR, "#details dl").text)
        for word in ("an actor", "8 of 100", "for one of its handlers", "troupe::topology::question"):
            self.assertIn(word, facts)
        self.node("/app/c-1").click()
        self.until(lambda: "ask (/app/a)" in self.browser.find_element(By.CSS_SELECTOR, "#details dl").text)

    def test_children_that_have_ended_well_are_no_alarm(self):
        self.topology(ENDS)
        self.until(lambda: "ended" in self.node("/app/short").get_attribute("aria-label"))
        self.assertIn("ended", self.node("/app/short").get_attribute("class"))
        self.assertIn("0 down", self.browser.find_element(By.ID, "totals").text)
        self.assertFalse(self.browser.find_elements(By.CSS_SELECTOR, ".node.down"))

    def test_nothing_that_flows_hides_what_a_node_says(self):
        self.watch(tool("orders"))
        self.until(lambda: self.browser.find_elements(By.CSS_SELECTOR, "#flows path"))
        self.until(lambda: self.browser.find_elements(By.CSS_SELECTOR, "#labels text"))
        hidden = self.browser.execute_script("""
            const after = id => document.getElementById(id).compareDocumentPosition(document.getElementById('nodes'));
            const boxes = query => [...document.querySelectorAll(query)].map(each => each.getBoundingClientRect()).filter(each => each.width);
            const labels = boxes('#labels text'), nodes = boxes('.node .body');
            return [after('flows') & 4, after('waits') & 4, labels.length > 0,
                labels.filter(a => nodes.some(b => a.left < b.right && b.left < a.right && a.top + 1 < b.bottom && b.top + 1 < a.bottom)).length];""")
        self.assertEqual(hidden, [4, 4, True, 0])

    def test_400_nodes_of_a_topology_are_all_shown(self):
        self.topology("[supervisor.app]\n" + "".join('[node.n%d]\nkind = "worker"\nevery = "100ms"\n' % n for n in range(400)))
        self.until(lambda: len(self.browser.find_elements(By.CSS_SELECTOR, '.node[data-path^="/app/n"]')) == 400)

    def test_400_nodes_and_what_flows_between_them_are_drawn_without_stutter(self):
        self.watch(Program(CROWD, "0", "400"))
        self.until(lambda: len(self.browser.find_elements(By.CSS_SELECTOR, "#flows path")) >= 400)
        self.until(self.is_settled)
        self.until(lambda: len(self.browser.find_elements(By.CSS_SELECTOR, ".node.running")) >= 400)
        self.browser.execute_cdp_cmd("Performance.enable", {})
        before = self.seconds_of_layout()
        self.best_of_three(50, self.late_frame)  # milliseconds
        self.assertLess(self.seconds_of_layout() - before, 0.1 * PATIENCE, "all of it once takes 20 ms")

    def is_settled(self):
        """The widths of lines, which begin with rates of 0, have changed for the last time."""
        widths = lambda: self.browser.execute_script(
            "return [...document.querySelectorAll('#flows path')].map(each => each.getAttribute('stroke-width')).join()")
        before = widths()
        time.sleep(2)  # they change once a second
        return widths() == before

    def seconds_of_layout(self):
        found = self.browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        return next(each["value"] for each in found if each["name"] == "LayoutDuration")

    def late_frame(self):
        """The 95th percentile of the time between two of 240 frames, in milliseconds, while all that is drawn changes."""
        seen = self.browser.execute_async_script("""
            const done = arguments[0], times = [], changes = [], { model } = window.troupe;
            model.takeChange = change => { changes.push(change.nodes.length); Object.getPrototypeOf(model).takeChange.call(model, change); };
            const told = () => [...document.querySelectorAll('.node')].map(each => each.getAttribute('aria-label'));
            const median = of => of.sort((a, b) => a - b)[Math.floor(of.length / 2)], before = told();
            let last = performance.now();
            const next = now => { times.push(now - last); last = now;
                if (times.length < 240) return requestAnimationFrame(next);
                times.sort((a, b) => a - b);
                done({ late: times[Math.floor(times.length * 0.95)], updates: changes.length, changed: median(changes),
                       drawn: told().filter((each, at) => each !== before[at]).length }); };
            requestAnimationFrame(next);""")
        self.assertGreater(seen["updates"], 15 / PATIENCE, seen)
        self.assertGreater(seen["changed"], 300, "nodes in one update")
        self.assertGreater(seen["drawn"], 300, "nodes that are drawn otherwise in the end")
        return seen["late"]

    def test_5000_children_of_a_dynamic_supervisor_are_folded(self):
        self.watch(Program(CROWD, "5000", "0"))
        self.until(lambda: "4,988 running" in self.node("/crowd/…").get_attribute("aria-label"))
        self.assertEqual(len(self.browser.find_elements(By.CSS_SELECTOR, ".node")), 15, "it, two above it, and 12 of them")
        self.assertIn("5,002 fibers", self.browser.find_element(By.ID, "totals").text)
        self.node("/crowd/…").click()
        self.until(lambda: "4,988 children" in self.browser.find_element(By.ID, "details").text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
