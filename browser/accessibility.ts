// What a page must hold for people who see little, hear a page, or have no mouse.
import AxeBuilder from "@axe-core/playwright";
import { Page, expect } from "@playwright/test";

/** Fails with axe's words for anything that it finds on the page as it is now, of any impact. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const said = violations.map(({ id, impact, help, nodes }) => `${id} (${impact}): ${help}\n  ${nodes.map((n) => n.html).join("\n  ")}`);
  expect(said, "axe found").toEqual([]);
}
