// Pages without a mouse.
import { Locator, Page, expect } from "@playwright/test";

const TABS_MAX = 80;

/** Presses Tab until something has the focus, and looks whether one can see where that is. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let i = 0; i < TABS_MAX; i++) {
    await page.keyboard.press("Tab");
    if (await target.evaluate((node) => node === document.activeElement)) {
      const seen = await target.evaluate((node) => {
        // A link over a whole card draws its outline on the card.
        const styles = [getComputedStyle(node), getComputedStyle(node, "::after")];
        return styles.some(({ outlineStyle, outlineWidth }) => outlineStyle !== "none" && outlineWidth !== "0px");
      });
      expect(seen, "the focus is visible").toBe(true);
      return;
    }
  }
  throw new Error(`Tab does not lead to ${target}`);
}

/** How a person does things on a page: with a mouse or with the keys. */
export interface Hand {
  press(what: Locator): Promise<void>;
  type(where: Locator, text: string): Promise<void>;
  choose(what: Locator): Promise<void>;
}

export function hands(page: Page): Record<"mouse" | "keyboard", Hand> {
  return {
    mouse: {
      press: (what) => what.click(),
      type: (where, text) => where.fill(text),
      choose: (what) => what.check(),
    },
    keyboard: {
      async press(what) {
        await tabTo(page, what);
        await page.keyboard.press("Enter");
      },
      async type(where, text) {
        await tabTo(page, where);
        await page.keyboard.type(text);
      },
      async choose(what) {
        // Of radio buttons, Tab reaches the one that is chosen, and the arrows the others.
        const name = await what.getAttribute("name");
        await tabTo(page, page.locator(`input[name="${name}"]:checked`));
        for (let i = 0; i < 10 && !(await what.isChecked()); i++) await page.keyboard.press("ArrowDown");
        await expect(what).toBeChecked();
      },
    },
  };
}
