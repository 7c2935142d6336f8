// Debian's Chromium, headless; nothing is downloaded.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "tests",
  outputDir: "results",
  reporter: "list",
  forbidOnly: true,
  retries: 0,
  // Each worker has an office of its own; the tests of a file come one after the other.
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  projects: [
    { name: "tests" },
    // Pictures for `docs/screenshots/`: `cargo xtask screenshots`.
    ...(process.env.HOOKSWITCH_SCREENSHOTS ? [{ name: "screenshots", testDir: ".", testMatch: "screenshots.ts" }] : []),
  ],
  use: {
    // The product's certificate is its own.
    ignoreHTTPSErrors: true,
    screenshot: "only-on-failure",
    // Of every action a picture of the page would take longer than the action.
    trace: { mode: "retain-on-failure", screenshots: false, snapshots: false },
    launchOptions: {
      executablePath: "/usr/bin/chromium",
      // Run as root in a container, and silent: without these Chromium asks its maker's servers at every start.
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
