// What a page must hold for people who see little, hear a page, or have no mouse.
import AxeBuilder from "@axe-core/playwright";
import { Page, expect } from "@playwright/test";

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 380, height: 800 };

/** Fails with axe's words for anything that it finds on the page as it is now, of any impact. */
export async function expectAccessible(page: Page): Promise<void> {
  await analyze(new AxeBuilder({ page }), "axe found");
}

/** The same for a wide and a narrow window, light and dark; and a narrow window never has to be scrolled sideways. */
export async function expectAccessibleEverywhere(page: Page): Promise<void> {
  for (const size of [WIDE, NARROW]) {
    await page.setViewportSize(size);
    const where = `${page.url()}, ${size.width} pixels`;
    await page.emulateMedia({ colorScheme: "light" });
    await analyze(new AxeBuilder({ page }), `axe found (${where}, light)`);
    await page.emulateMedia({ colorScheme: "dark" });
    // All that darkness changes is colours.
    await analyze(new AxeBuilder({ page }).withRules(["color-contrast", "link-in-text-block"]), `axe found (${where}, dark)`);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width, `the page's width (${where})`).toBeLessThanOrEqual(size.width);
  }
  await page.setViewportSize(WIDE);
}

async function analyze(axe: AxeBuilder, what: string): Promise<void> {
  const { violations } = await axe.analyze();
  const said = violations.map(({ id, impact, help, nodes }) => `${id} (${impact}): ${help}\n  ${nodes.map((n) => n.html).join("\n  ")}`);
  expect(said, what).toEqual([]);
}
