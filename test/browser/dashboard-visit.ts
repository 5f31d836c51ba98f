// A browser at the dashboard of a gate: logs in by the printed link, notes every complaint, and looks with axe and on every screen.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { runToEnd } from '../portcullis-process.ts';
import { root } from '../source.ts';

// Because without the background ones its connections to the makers' servers are refused, many at a time.
const args = `--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
  --disable-component-update --disable-sync`.split(/\s+/);

/** What people look through: the width of a desk and of a phone, by day and by night. */
export const screens = [
  { name: 'desk-light', width: 1280, height: 860, colorScheme: 'light' },
  { name: 'desk-dark', width: 1280, height: 860, colorScheme: 'dark' },
  { name: 'phone-light', width: 390, height: 760, colorScheme: 'light' },
  { name: 'phone-dark', width: 390, height: 760, colorScheme: 'dark' },
] as const;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Somebody who looks at the dashboard. */
export interface Visit {
  readonly page: Page;
  readonly base: string;
  /** Goes to a view, and waits until its heading stands. */
  open(view: string, heading?: string): Promise<void>;
  /** What the page complained about since somebody last asked. */
  complaints(): string[];
  /** Fails on anything that axe objects to, and where the page is wider than the screen; on the screens named, or all. */
  look(name: string, which?: readonly string[]): Promise<void>;
  end(): Promise<void>;
}

/** The files of the dashboard, built where they are not. */
export function buildDashboard(): void {
  if (existsSync(join(root, 'dashboard/dist/index.html'))) return;
  execFileSync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', 'dashboard'], { cwd: root });
}

/** Logs a browser in to the gate that runs with this data directory; `program` is the browser's, Debian's where nothing is said. */
export async function visit(
  gate: { readonly child: { readonly exitCode: number | null } },
  dataDirectory: string,
  program = '/usr/bin/chromium',
): Promise<Visit> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-visit-'));
  const { stdout } = await runToEnd(['dashboard', '--json', '--data-dir', dataDirectory]);
  const { link } = JSON.parse(stdout) as { link: string };
  assert.ok(gate.child.exitCode === null, 'the gate runs');
  const browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: program,
    args,
    env: { HOME: folder, PATH: process.env.PATH ?? '' },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const browsing = new Browsing(browser, new URL(link).origin, folder);
  try {
    return await browsing.begin(link);
  } catch (error) {
    await browsing.end();
    throw error;
  }
}

/** What axe finds, a line each: rule, element, why. */
export async function objectionsOf(page: Page): Promise<string[]> {
  // Evaluated by the debugger, and so past the policy of the page, which lets nothing else in.
  await page.evaluate(axe);
  return page.evaluate<string[]>(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ target, failureSummary }) => id + ' ' + target.join(' ') + ': ' + failureSummary)))`);
}

class Browsing implements Visit {
  page!: Page;
  readonly base: string;
  readonly #browser: BrowserContext;
  readonly #folder: string;
  #complaints: string[] = [];

  constructor(browser: BrowserContext, base: string, folder: string) {
    this.#browser = browser;
    this.base = base;
    this.#folder = folder;
  }

  async begin(link: string): Promise<Visit> {
    // A busy machine takes its time; what never comes is still told before the test runner gives up.
    this.#browser.setDefaultTimeout(90_000);
    this.#browser.setDefaultNavigationTimeout(90_000);
    const page = await this.#browser.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.#complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.#complaints.push(`${error.message}\n${error.stack}`));
    page.on('dialog', (dialog) => {
      this.#complaints.push(`a script ran: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(`${this.base}/`)) this.#complaints.push(`asked elsewhere: ${request.url()}`);
    });
    this.page = page;
    await page.setViewportSize(screens[0]);
    await page.goto(link);
    await page.waitForURL(/#\/now$/);
    return this;
  }

  async open(view: string, heading = ''): Promise<void> {
    await this.page.goto(`${this.base}/#/${view}`);
    const name = heading === '' ? { level: 1 } : { level: 1, name: heading };
    await this.page.getByRole('heading', name).waitFor();
  }

  complaints(): string[] {
    const told = this.#complaints;
    this.#complaints = [];
    return told;
  }

  async look(name: string, which: readonly string[] = screens.map((screen) => screen.name)): Promise<void> {
    const { page } = this;
    for (const { name: screen, width, height, colorScheme } of screens) {
      if (!which.includes(screen)) continue;
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      await this.#atRest();
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
      assert.ok(wide <= width, `${name} is ${wide} wide on ${screen}`);
      assert.deepEqual(await objectionsOf(page), [], `${name} on ${screen}`);
      const { PORTCULLIS_SCREENSHOTS: pictures } = process.env;
      if (pictures) await page.screenshot({ path: join(pictures, `${name}-${screen}.png`), fullPage: true });
    }
    await page.setViewportSize(screens[0]);
    await page.emulateMedia({ colorScheme: 'light' });
  }

  /** Because a colour half-way through its transition is nobody's choice: contrast is judged where it ends. */
  async #atRest(): Promise<void> {
    await this.page.evaluate('Promise.allSettled(document.getAnimations().map(({ finished }) => finished))');
  }

  async end(): Promise<void> {
    // Whose machine went before it has no browser to close any more.
    await this.#browser.close().catch(() => undefined);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
