import { existsSync } from "node:fs";
import axeCore from "axe-core";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";

/** Debian's package `chromium`. */
const CHROMIUM = "/usr/bin/chromium";
export const hasChromium = existsSync(CHROMIUM);

export function launchChromium(): Promise<Browser> {
  // A container's root has no user namespaces for the sandbox. What is loaded is our own page.
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
}

export interface Look {
  readonly width?: number;
  readonly scheme?: "light" | "dark";
  readonly reducedMotion?: boolean;
}

/**
 * A page of a browser of its own, which fails the test over whatever its console says is wrong: an
 * exception, a breach of the Content-Security-Policy, a file that is missing.
 * @param expected what may be said all the same
 */
export async function openPage(
  browser: Browser,
  { width = 1280, scheme = "light", reducedMotion = false }: Look = {},
  expected: RegExp | null = null,
): Promise<{ readonly page: Page; readonly context: BrowserContext }> {
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 844 : 1080 },
    colorScheme: scheme,
    reducedMotion: reducedMotion ? "reduce" : "no-preference",
  });
  const page = await context.newPage();
  const said: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") said.push(message.text());
  });
  page.on("pageerror", (error) => said.push(String(error)));
  onTestFinished(async () => {
    await context.close();
    expect(said.filter((text) => !expected?.test(text))).toEqual([]);
  });
  return { page, context };
}

/** What axe-core has against the page as it stands, by WCAG 2.2 A and AA; one line each. */
export async function findings(page: Page): Promise<string[]> {
  // Not as a <script>, which the page's policy forbids.
  await page.evaluate(axeCore.source);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof axeCore };
    const values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    return (await axe.run({ runOnly: { type: "tag", values } })).violations;
  });
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary = "" }) => `${id}: ${help}: ${html} ${failureSummary}`),
  );
}
