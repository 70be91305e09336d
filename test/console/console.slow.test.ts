import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Role } from "../../src/port/principal.ts";
import type { ServiceSnapshot } from "../../src/port/snapshot.ts";
import { findings, hasChromium, launchChromium, openPage, type Look } from "./browser.ts";
import { type Emulator, startEmulator } from "../support/emulator.ts";
import { type Running, springhouse, startSpringhouse, until } from "../support/springhouse.ts";

/*
 * The console as a person has it: the real service, an emulated device on a real pseudo-terminal, and
 * a real browser. A page that says anything on its own console fails its test.
 */

/** A browser says so of each answer that is an error, also of those that are asked for here. */
const ERROR_ANSWER = /Failed to load resource: the server responded with a status of 4/;

let browser: Browser;
let emulator: Emulator;
let service: Running;

beforeAll(async () => {
  if (!hasChromium) return;
  browser = await launchChromium();
  emulator = await startEmulator({ family: "truerngpro", rate: 50_000 });
  service = await startSpringhouse({
    configuration: `
sources:
  - id: trng
    kind: serial-truerngpro
    path: ${emulator.path}
    raw: { evidence: "the emulator's generator, unwhitened" }
    assessed: { entropy: 4, evidence: "the emulator's own figure" }
    samplesPerSecond: 50000
quota: { requestsPerSecond: null }
`,
  });
});
afterAll(async () => {
  await browser?.close();
  await service?.stop();
  await emulator?.close();
});

async function tokenOf(roles: readonly Role[], more: object = {}): Promise<string> {
  const answer = await fetch(`${service.url}/v1/tokens`, {
    method: "POST",
    headers: { ...service.authorization, "content-type": "application/json" },
    body: JSON.stringify({ name: `a ${roles.join(" and ")}`, roles, ...more }),
  });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { token: string }).token;
}

async function trng() {
  const answer = await fetch(`${service.url}/v1/status`, { headers: service.authorization });
  const { sources } = (await answer.json()) as ServiceSnapshot;
  return sources.find(({ id }) => id === "trng")!;
}

const healthy = (): Promise<boolean> =>
  until("a healthy device", async () => (await trng()).state === "healthy");

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("#view").waitFor();
}

/** A page that is signed in. */
async function open(roles: readonly Role[], look: Look = {}, expected: RegExp | null = null) {
  const opened = await openPage(browser, look, expected);
  await opened.page.goto(service.url);
  await signIn(opened.page, await tokenOf(roles));
  return opened;
}

const sourceOn = (page: Page) => page.getByRole("article", { name: "trng" });

/** Frames of the browser's own clock, so that a busy machine only makes them later. */
const FRAMES = 20;

/**
 * Of so many frames: the most animations that ran in one, and how many pictures of its current the
 * device's canvas held. Its own pixels, as a screenshot has those of the river beside it, which is as
 * wide as the rate of the moment. A blank is no picture: without samples for a moment, nothing flows.
 */
function watch(page: Page, frames: number): Promise<{ moving: number; pictures: number }> {
  return sourceOn(page)
    .locator("canvas")
    .evaluate(async (node, count) => {
      const canvas = node as HTMLCanvasElement;
      const blank = document.createElement("canvas");
      [blank.width, blank.height] = [canvas.width, canvas.height];
      const seen = new Set<string>();
      let moving = 0;
      for (let frame = 0; frame < count; frame++) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        seen.add(canvas.toDataURL());
        const animations = document.getAnimations();
        const running = animations.filter(({ playState }) => playState === "running");
        moving = Math.max(moving, running.length);
      }
      seen.delete(blank.toDataURL());
      return { moving, pictures: seen.size };
    }, frames);
}

describe.runIf(hasChromium)("the console", () => {
  test("signs in with a token, which is then nowhere in the page, and out", async () => {
    const { page, context } = await openPage(browser, {}, ERROR_ANSWER);
    await page.goto(service.url);
    await page.getByLabel("Token").fill(`sph_${"A".repeat(43)}`);
    await page.keyboard.press("Enter");
    await page.getByText("This token is unknown, expired or revoked.").waitFor();
    expect(await page.locator("#view").isVisible()).toBe(false);

    const token = await tokenOf(["operator"]);
    await signIn(page, token);
    await page.getByRole("heading", { name: "Serving vetted bytes" }).waitFor();
    const everywhere = await page.evaluate(() =>
      [
        location.href,
        document.documentElement.outerHTML,
        ...[...document.querySelectorAll("input")].map(({ value }) => value),
        JSON.stringify(localStorage),
        JSON.stringify(sessionStorage),
        document.cookie,
      ].join("\n"),
    );
    expect(everywhere).not.toContain(token);
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ name: "springhouse", httpOnly: true, sameSite: "Strict" });
    expect(cookie!.value).not.toContain(token);

    // The session outlives a reload, and ends with the button.
    await page.reload();
    await page.locator("#view").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    expect(await context.cookies()).toEqual([]);
    expect(service.log()).not.toContain(token);
  });

  test("shows an unplug within a second, and that the device is back", async () => {
    const { page } = await open(["operator"]);
    await sourceOn(page).getByText("healthy for").waitFor();
    const absent = sourceOn(page).getByText("absent for").waitFor();
    const from = performance.now();
    await emulator.command("unplug");
    await absent;
    const milliseconds = performance.now() - from;
    console.log(`an unplug was seen after ${Math.round(milliseconds)} ms`);
    expect(milliseconds).toBeLessThan(1000);
    await sourceOn(page).getByText("Plug the device in").waitFor();
    await page.getByRole("heading", { name: "the quorum is lost" }).waitFor();
    await emulator.command("replug");
    await sourceOn(page).getByText("healthy for").waitFor();
    await page.getByRole("heading", { name: "Serving vetted bytes" }).waitFor();
  });

  test("lets an operator reset a source that failed, with a reason that is kept", async () => {
    await healthy();
    const { page } = await open(["operator"]);
    const source = sourceOn(page);
    const reset = source.getByRole("button", { name: "Reset" });
    expect(await reset.isVisible()).toBe(false);
    await emulator.command("stuck 165");
    await source.getByText("failed for").waitFor();
    await source.getByText("health failed:").waitFor();
    await emulator.command("noise");
    await reset.click();
    // Without a reason nothing is done.
    await page.getByRole("button", { name: "Reset it" }).click();
    expect((await trng()).state).toBe("failed");
    await page.getByLabel("What was the cause").fill("a loose cable, which was replaced");
    await page.getByRole("button", { name: "Reset it" }).click();
    await source.getByText("healthy for").waitFor();
    await page.locator("#timeline").getByText("“a loose cable, which was replaced”").waitFor();
    expect(await reset.isVisible()).toBe(false);
  });

  test("shows an auditor no button that resets, and an operator none that shows samples", async () => {
    await healthy();
    const buttons = async (role: Role): Promise<string[]> => {
      const { page } = await open([role]);
      await sourceOn(page).getByText("healthy for").waitFor();
      return sourceOn(page).getByRole("button").allInnerTexts();
    };
    expect(await buttons("operator")).toEqual(["Test now"]);
    expect(await buttons("auditor")).toEqual(["Show samples"]);
    const { page } = await open(["client"]);
    expect(await sourceOn(page).getByRole("button").allInnerTexts()).toEqual([]);
    expect(await page.locator("#timeline").isVisible()).toBe(false);
  });

  test("explains a refused request, to whoever was refused and to the operator", async () => {
    const { page } = await open(["operator"]);
    const client = await tokenOf(["client"]);
    const answer = await fetch(`${service.url}/v1/random?bytes=32&sources=3`, {
      headers: { authorization: `Bearer ${client}` },
    });
    const { detail } = (await answer.json()) as { detail: string };
    const refusal = page.locator("#refusals li").filter({ hasText: "unmet" });
    await refusal.waitFor();
    const text = await refusal.innerText();
    expect(text).toContain(detail);
    expect(text).toContain("Unmet: sources.");
    expect(text).toContain("springhouse doctor says what stands in the way.");
    expect(text).toContain("GET /v1/random");
  });

  test("goes back to sign-in when a token expires, and the view stays as it was", async () => {
    await healthy();
    const { page } = await openPage(browser, { width: 390 });
    await page.goto(service.url);
    await signIn(page, await tokenOf(["operator"], { expiresInSeconds: 4 }));
    await page.getByRole("button", { name: "acts" }).click();
    const events = await page.locator("#timeline li").count();
    await page.locator("#timeline").scrollIntoViewIfNeeded();
    // Not how far the page is scrolled: what comes in above it pushes it down, and the browser follows.
    const place = async (): Promise<number> => (await page.locator("#timeline").boundingBox())!.y;
    const before = await place();
    expect(await page.evaluate(() => scrollY)).toBeGreaterThan(500);

    await page.getByText("Your session has ended.").waitFor();
    expect(await page.locator("#view").getAttribute("hidden")).toBeNull();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.locator("#sign-in[open]").waitFor();
    expect(await page.getByLabel("Token").isVisible()).toBe(true);

    await signIn(page, await tokenOf(["operator"]));
    await page.getByLabel("Token").waitFor({ state: "hidden" });
    await page.locator("#link[data-link=live]").waitFor();
    expect(await page.getByRole("button", { name: "acts" }).getAttribute("aria-pressed")).toBe(
      "true",
    );
    expect(Math.abs((await place()) - before)).toBeLessThan(2);
    expect(await page.locator("#timeline li").count()).toBeGreaterThanOrEqual(events);
    // It goes on: what happens now is shown.
    await page.locator("#timeline").getByText("A browser signed in.").nth(1).waitFor();
  });

  test("shows samples when an auditor switches them on, and says what they cost", async () => {
    await healthy();
    const { page } = await open(["auditor"]);
    const source = sourceOn(page);
    const before = (await trng()).divertedSamplesTotal;
    const ink = (): Promise<number> =>
      source.locator("canvas").evaluate((node) => {
        const { width, height } = node as HTMLCanvasElement;
        const copy = new OffscreenCanvas(width, height);
        const context = copy.getContext("2d", { willReadFrequently: true })!;
        context.drawImage(node as HTMLCanvasElement, 0, 0);
        const { data } = context.getImageData(0, 0, width, height);
        return data.filter((value, at) => at % 4 === 3 && value > 0).length / (data.length / 4);
      });
    await source.getByRole("button", { name: "Show samples" }).click();
    await page.getByText("They never seed anything").waitFor();
    expect((await trng()).divertedSamplesTotal).toBe(before);
    await page.getByRole("button", { name: "Show them" }).click();
    await source.getByText("each taken out of the water").waitFor();
    // Half of the bits of noise are ones, and a band that is filled has no other gaps.
    await until("a band of bits", async () => Math.abs((await ink()) - 0.5) < 0.02);
    const diverted = (await trng()).divertedSamplesTotal - before;
    expect(diverted).toBeGreaterThan(500);
    await source.getByRole("button", { name: "Hide samples" }).click();
    await until("no tap", async () => {
      const first = (await trng()).divertedSamplesTotal;
      await new Promise((resolve) => setTimeout(resolve, 600));
      return (await trng()).divertedSamplesTotal === first;
    });
    expect((await trng()).poolBlocks).toBeGreaterThan(0);
  });

  test("lets an auditor assess a source and open the report, and capture its samples", async () => {
    await healthy();
    const folder = await mkdtemp(join(tmpdir(), "springhouse-console-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const { page, context } = await open(["auditor"]);
    await page.getByLabel("Samples", { exact: true }).fill("30000");
    await page.getByLabel("Suite").selectOption({ label: "FIPS 140-2, block tests" });
    await page.getByRole("button", { name: "Assess" }).click();
    const line = page.locator(".assessments li").first();
    await line.getByText("finished").waitFor();
    const [report] = await Promise.all([
      context.waitForEvent("page"),
      line.getByRole("link", { name: "Open the report" }).click(),
    ]);
    await report.getByText("FIPS 140-2").first().waitFor();

    await page.getByRole("button", { name: "Capture to a file" }).click();
    const save = async (name: string): Promise<string> => {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("link", { name }).click(),
      ]);
      const path = join(folder, download.suggestedFilename());
      await download.saveAs(path);
      return path;
    };
    const samples = await readFile(await save("30 000 samples".replace(" ", "\u202f")));
    expect(samples).toHaveLength(30_000);
    const manifest = await save("its manifest");
    const { sha256 } = JSON.parse(await readFile(manifest, "utf8")) as { sha256: string };
    expect(sha256).toBe(createHash("sha256").update(samples).digest("hex"));
    // It is what `springhouse capture` would have left: the service's word on it verifies.
    const vkey = join(service.state, "log.vkey");
    const verified = await springhouse(["verify", manifest, "--vkey", vkey]);
    expect([verified.code, verified.stderr]).toEqual([0, ""]);
  });

  test("says why it refuses an auditor's order, and what to do", async () => {
    const { page } = await open(["auditor"], {}, ERROR_ANSWER);
    await page.getByLabel("Samples", { exact: true }).fill("90000000");
    await page.getByRole("button", { name: "Assess" }).click();
    await page.locator("#desk .problem").getByText("samples is above the limit").waitFor();
  });

  test("says when the service does not answer, keeps the view, and goes on when it does", async () => {
    const own = await startSpringhouse();
    onTestFinished(async () => void (await own.stop()));
    const { page } = await openPage(browser, {}, /ERR_CONNECTION|WebSocket connection to/);
    await page.goto(own.url);
    const token = own.authorization.authorization.slice("Bearer ".length);
    await signIn(page, token);
    await page.locator("#link[data-link=live]").waitFor();
    own.child.kill("SIGSTOP");
    await page.getByText("no connection; what you see is old").waitFor();
    expect(await page.locator("#view").isVisible()).toBe(true);
    own.child.kill("SIGCONT");
    await page.locator("#link[data-link=live]").waitFor();
  });

  test("is walked by the keyboard alone, and shows where it is", async () => {
    await healthy();
    const { page } = await openPage(browser);
    await page.goto(service.url);
    await page.getByLabel("Token").waitFor();
    await page.keyboard.type(await tokenOf(["operator", "auditor"]));
    await page.keyboard.press("Enter");
    await sourceOn(page).getByText("healthy for").waitFor();

    const here = () =>
      page.evaluate(() => {
        const at = document.activeElement!;
        const { outlineStyle, outlineWidth } = getComputedStyle(at);
        const seen = at.getBoundingClientRect();
        return {
          name: at.getAttribute("aria-label") ?? (at.textContent?.trim() || at.id),
          outline: outlineStyle === "none" ? 0 : Number.parseFloat(outlineWidth),
          isBody: at === document.body,
          isInView: seen.width > 0 && seen.bottom > 0 && seen.top < innerHeight,
        };
      });
    const walked: string[] = [];
    for (let step = 0; step < 40; step++) {
      await page.keyboard.press("Tab");
      const { name, outline, isInView, isBody } = await here();
      // The end of the page: next would be the browser's own.
      if (isBody && walked.length > 0) break;
      expect([name, outline >= 2, isInView]).toEqual([name, true, true]);
      walked.push(name);
    }
    const order = ["To the water's way", "Sign out", "Show samples", "Test now", "all", "Assess"];
    const places = order.map((name) => walked.indexOf(name));
    expect(places, walked.join(", ")).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);

    // Into a dialog, out of it without a deed, and back where one was.
    const show = sourceOn(page).getByRole("button", { name: "Show samples" });
    await show.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Show samples of trng?" }).waitFor();
    await page.keyboard.press("Escape");
    expect((await here()).name).toBe("Show samples");
    await page.getByRole("button", { name: "alarms" }).focus();
    await page.keyboard.press("Space");
    expect(await page.getByRole("button", { name: "alarms" }).getAttribute("aria-pressed")).toBe(
      "true",
    );
  });

  describe.each([
    { width: 390, scheme: "light" },
    { width: 390, scheme: "dark" },
    { width: 1920, scheme: "light" },
    { width: 1920, scheme: "dark" },
  ] as const)("at $width pixels, $scheme", (look) => {
    test("axe finds nothing, and nothing is wider than the window", async () => {
      await healthy();
      const { page } = await openPage(browser, look);
      await page.goto(service.url);
      await page.getByLabel("Token").waitFor();
      expect(await findings(page)).toEqual([]);

      await signIn(page, await tokenOf(["admin"]));
      await fetch(`${service.url}/v1/random?bytes=32&sources=3`, {
        headers: service.authorization,
      });
      await page.locator("#refusals li").first().waitFor();
      await page.getByText("Not validated: why").click();
      expect(await findings(page)).toEqual([]);
      const { width, inner } = await page.evaluate(() => ({
        width: document.documentElement.scrollWidth,
        inner: innerWidth,
      }));
      expect(width).toBeLessThanOrEqual(inner);

      await emulator.command("stuck 165");
      await sourceOn(page).getByText("failed for").waitFor();
      expect(await findings(page)).toEqual([]);
      await emulator.command("noise");
      await sourceOn(page).getByRole("button", { name: "Reset" }).click();
      expect(await findings(page)).toEqual([]);
      await page.getByLabel("What was the cause").fill("the test is over");
      await page.getByRole("button", { name: "Reset it" }).click();
      await sourceOn(page).getByText("healthy for").waitFor();
    });
  });

  test("stands still for those who want less motion", async () => {
    await healthy();
    const { page } = await open(["operator"], { reducedMotion: true });
    await sourceOn(page)
      .getByText(/[1-9]\S* samples\/s/)
      .waitFor();
    const still = await watch(page, FRAMES);
    expect(still).toEqual({ moving: 0, pictures: 1 });
    // The same eyes see what moves.
    await page.emulateMedia({ reducedMotion: "no-preference" });
    const { moving, pictures } = await watch(page, FRAMES);
    expect(moving).toBeGreaterThan(0);
    expect(pictures).toBeGreaterThan(1);
  });
});
