// What a page must hold for people who see little, hear a page, or have no mouse.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import { Page, expect } from "@playwright/test";

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 380, height: 800 };
/** All that darkness changes is colours. */
const COLOURS: RunOptions = { runOnly: ["color-contrast", "link-in-text-block"] };

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails with axe's words for anything that it finds on the page as it is now, of any impact. */
export async function expectAccessible(page: Page): Promise<void> {
  await analyze(page, {}, "axe found");
}

/** The same for a wide and a narrow window, light and dark; and neither the page nor a table has to be scrolled sideways. */
export async function expectAccessibleEverywhere(page: Page): Promise<void> {
  for (const size of [WIDE, NARROW]) {
    await page.setViewportSize(size);
    const where = `${page.url()}, ${size.width} pixels`;
    await page.emulateMedia({ colorScheme: "light" });
    await analyze(page, {}, `axe found (${where}, light)`);
    await page.emulateMedia({ colorScheme: "dark" });
    await analyze(page, COLOURS, `axe found (${where}, dark)`);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width, `the page's width (${where})`).toBeLessThanOrEqual(size.width);
    const wide = await page.locator(".table-wrap").evaluateAll((wraps) => wraps.filter((wrap) => wrap.scrollWidth > wrap.clientWidth).map((wrap) => wrap.textContent?.trim().slice(0, 60)));
    expect(wide, `tables wider than their cards (${where})`).toEqual([]);
  }
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light" });
}

/** Axe itself, without its wrapper: that sends all of it to the page for every look, which takes longer than the look. */
async function analyze(page: Page, options: RunOptions, what: string): Promise<void> {
  const isThere = await page.evaluate(() => "axe" in window);
  if (!isThere) await page.evaluate(AXE);
  const violations = await page.evaluate(async (options) => {
    const { axe } = window as unknown as { axe: { run(where: Document, how: object): Promise<AxeResults> } };
    const { violations } = await axe.run(document, { ...options, resultTypes: ["violations"] });
    return violations.map(({ id, impact, help, nodes }) => ({ id, impact, help, nodes: nodes.map(({ html }) => html) }));
  }, options);
  const said = violations.map(({ id, impact, help, nodes }) => `${id} (${impact}): ${help}\n  ${nodes.join("\n  ")}`);
  expect(said, what).toEqual([]);
}
