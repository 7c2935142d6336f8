// Proof that the tools of the other tests can fail.
import { expect, test } from "@playwright/test";
import { expectAccessible } from "../accessibility";

const page_with = (body: string) => `<!doctype html><html lang="en"><title>Harness</title><main><h1>Harness</h1>${body}</main></html>`;

test("a page without barriers passes", async ({ page }) => {
  await page.setContent(page_with('<img alt="A phone" src="data:,">'));
  await expectAccessible(page);
});

test("a picture without a description is found", async ({ page }) => {
  await page.setContent(page_with('<img src="data:,">'));
  await expect(expectAccessible(page)).rejects.toThrow(/image-alt/);
});
