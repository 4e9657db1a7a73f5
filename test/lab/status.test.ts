import { spawn, type ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clock } from '../../src/lib/adapters/clock.ts';
import { files } from '../../src/lib/adapters/files.ts';
import { shell } from '../../src/lib/adapters/shell.ts';
import { connectVici } from '../../src/lib/adapters/vici/client.ts';
import type { Ports } from '../../src/lib/core/ports.ts';
import { resetLab } from '../../src/lib/drill/reset.ts';
import { cut, heal } from '../../src/lib/lab/cut.ts';
import { openLab, paths, type Lab } from '../../src/lib/lab/state.ts';
import { until } from '../../src/lib/lab/wait.ts';
import { MEASURED, measuredHere, SETTLE_MS, workshop, type Running, type Workshop } from './lab.ts';

// One lab, a real monitor in it, the page of `status --web` in a real browser, and `status --watch` beside it.
const LAB = 'vts';
const ports = {
  shell,
  files,
  clock,
  vici: connectVici,
  signal: new AbortController().signal,
  progress: () => undefined,
} as unknown as Ports;

let shop: Workshop;
let lab: Lab;
let stateDir: string;
let browser: Browser;
let page: Page;
let web: Running;
let url: string;
let monitor: ChildProcess | undefined;
/** Where to leave pictures of the page and what was measured; absent: nowhere. */
const SHOW = process.env['HYBRIDCTL_TEST_SHOW'];
const told: string[] = [];
/** Everything the browser asked for and everything it was answered, from every page of the test. */
const asked: string[] = [];
const answered: string[] = [];

const startMonitor = (profile: string): ChildProcess => {
  const words = [
    'netns',
    'exec',
    `${LAB}-mon-1`,
    process.execPath,
    shop.program,
    'route',
    'monitor',
    '--quiet',
    '--detector',
    profile,
    '--site',
    shop.site,
    '--state-dir',
    stateDir,
  ];
  return (monitor = spawn('ip', words, { stdio: 'ignore' }));
};
const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await gone;
};
const open = async (look: { width: number; height: number; dark?: boolean }): Promise<Page> => {
  const context = await browser.newContext({
    viewport: look,
    colorScheme: look.dark === true ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  const tab = await context.newPage();
  tab.on('request', (request) => void asked.push(request.url()));
  // The stream has no end to wait for: it is read by a request of its own.
  tab.on(
    'response',
    (response) =>
      void (response.url().endsWith('/live')
        ? undefined
        : response.text().then(
            (text) => answered.push(text),
            () => undefined,
          )),
  );
  await tab.goto(url);
  return tab;
};
const verdict = (): Promise<string> => page.locator('#summary h1').innerText();
const says = (text: RegExp | string, withinMs = 30_000) =>
  until(async () => (typeof text === 'string' ? (await verdict()) === text : text.test(await verdict())), {
    what: `the page says ${text}`,
    withinMs,
    everyMs: 50,
  });

/**
 * Of the newest death of Direct Connect in the event log: when it was judged, wall ms, and how long after the last good
 * reply.
 */
const death = async (): Promise<{ readonly at: number; readonly detectMs: number } | undefined> => {
  const lines = ((await files.read(join(stateDir, 'demo.events.ndjson'))) ?? '')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  const at = lines.findLastIndex(({ event, labels }) => event.action === 'link-dead' && labels.link === 'dx-1');
  const move = lines
    .slice(at + 1)
    .find(({ event, hybridctl }) => event.action === 'route-move' && hybridctl.detectMs !== undefined);
  return at < 0 || move === undefined
    ? undefined
    : { at: Date.parse(lines[at]['@timestamp']), detectMs: move.hybridctl.detectMs };
};

/** The page as it is now, for the README and for eyes. */
const show = async (folder: string): Promise<void> => {
  await delay(8_000);
  await writeFile(join(folder, 'status.txt'), `${told.join('\n')}\n`);
  for (const [name, look] of [
    ['status', { width: 1200, height: 900 }],
    ['dark', { width: 1200, height: 900, dark: true }],
    ['phone', { width: 360, height: 740 }],
    ['phone-dark', { width: 360, height: 740, dark: true }],
  ] as const) {
    const tab = await open(look);
    await tab.locator('#main').waitFor();
    await tab.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
    await tab.context().close();
  }
};

beforeAll(async () => {
  shop = await workshop();
  stateDir = join(shop.dir, 'state');
  const [{ exit, err }, launched] = await Promise.all([
    shop.run(['lab', 'up', '--name', LAB, '--site', shop.site]),
    chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    }),
  ]);
  browser = launched;
  if (exit !== 0) throw new Error(err);
  lab = await openLab(files, LAB);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: lab.record.endpoint,
    AWS_ACCESS_KEY_ID: 'lab',
    AWS_SECRET_ACCESS_KEY: 'never-shown',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  web = shop.start([
    'status',
    '--web',
    '--listen',
    '127.0.0.1:0',
    '--site',
    shop.site,
    '--state-dir',
    stateDir,

    ...['gw-1', 'gw-2'].flatMap((name) => ['--uri', paths(LAB).vici(name)]),
  ]);
  await web.says('status page of demo');
  url = /http:\/\/127\.0\.0\.1:\d+\//.exec(web.said())![0];
  page = await open({ width: 1280, height: 900 });
}, 90_000);

afterAll(async () => {
  await browser?.close();
  if (monitor !== undefined) await end(monitor);
  web?.child.kill('SIGKILL');
  await shop.run(['lab', 'down', '--name', LAB, '--yes']);
  await shop.remove();
}, 60_000);

/** What has the focus, as a reader of the screen would call it. */
const focused = (tab: Page): Promise<string> =>
  tab.evaluate(() => {
    const { activeElement: one } = (globalThis as any).document;
    return one.getAttribute('aria-label') ?? one.innerText.replace(/\s+/g, ' ').trim();
  });

describe('the status page in a browser', () => {
  it("without a monitor it shows the cloud's routes and says that nobody watches", async () => {
    await says('No monitor is running: link state is unknown');
    expect(await page.locator('.watcher').first().innerText()).toContain('no monitor runs on this machine');
    expect(await page.locator('#routes tbody td[data-title="Carried by"]').allInnerTexts()).toEqual(['dx-1', 'dx-1']);
  });

  // A path's ordinary loss is learnt first, over some 100 probes: the first ones were lost while the path was made.
  it.each([
    ['default', 10_000],
    ['fast', SETTLE_MS],
  ] as const)(
    'profile %s: Direct Connect is cut, and within a second the page says so',
    { ...MEASURED, timeout: 300_000 },
    async (profile, learntMs) => {
      if (monitor !== undefined) await end(monitor);
      await resetLab(ports, lab);
      startMonitor(profile);
      await says('Every path carries');
      await delay(learntMs);
      const { cutAt, shownAt } = await measuredHere(1_000, async () => {
        // Told by the page itself, at the moment its text has changed.
        const changed = page.evaluate(
          () =>
            new Promise<number>((resolve) => {
              const { document, MutationObserver } = globalThis as any;
              new MutationObserver(
                () => /^dx-1\s/.test(document.querySelector('#links .card.bad')?.innerText) && resolve(Date.now()),
              ).observe(document.body, { subtree: true, childList: true, characterData: true });
            }),
        );
        const begun = Date.now();
        await cut(ports, lab, { what: 'dx-1', kind: 'blackhole', direction: 'out' });
        return { cutAt: begun, shownAt: await changed };
      });
      await until(async () => ((await death())?.at ?? 0) > cutAt, {
        what: 'the event log holds the move',
        withinMs: 5_000,
        everyMs: 20,
      });
      const { at, detectMs } = (await death())!;
      // The cut came after it was asked for, and after the last reply: counted from either, the time is no shorter than
      // it was.
      const tookMs = Math.round(shownAt - Math.max(cutAt, at - detectMs));
      told.push(
        `${profile}: the page changed ${tookMs} ms after the last reply, ${shownAt - at} ms after the verdict, ${shownAt - cutAt} ms after the cut was asked for`,
      );
      expect(tookMs, told.at(-1)).toBeLessThan(1_000);
      await says('dx-1 is dead, 2 routes over vpn-a, vpn-b', 3_000);
      const [row] = await page.locator('#incidents table tbody tr').allInnerTexts();
      expect(row).toMatch(/private-1\s+dx-1 → vpn-a\s+done\s+\d+ ms\s+[\d.]+ ms\s+[\d.]+ ms/);
      // The newest word: of the death, of the move, or of its alert, which names the table alone.
      expect(await page.locator('#say').innerText()).toMatch(/dx-1|moved/);
      if (profile === 'fast') return SHOW === undefined ? undefined : show(SHOW);
      await heal(ports, lab);
      await end(monitor!);
      await says('No monitor is running: link state is unknown', 3_000);
    },
  );

  it('counts the traffic of the tunnels, plots every link, and reads a moment of it by the keyboard', async () => {
    await until(
      async () =>
        (await page.locator('#traffic tbody tr').allInnerTexts()).every((row) =>
          /established.*bit\/s.*bit\/s.*B.*B/s.test(row),
        ),
      { what: 'rates of both tunnels', withinMs: 60_000, everyMs: 100 },
    );
    // A plot is a line as soon as its link has two points, which takes a busy machine longer.
    const plotted = () =>
      page
        .locator('#links .plot .rtt')
        .evaluateAll((paths) => paths.filter((path: any) => /^M\S+ \S+L/.test(path.getAttribute('d'))).length);
    await until(async () => (await plotted()) === 3, { what: 'a plot of each link', withinMs: 60_000, everyMs: 100 });
    await page.locator('[data-plot="vpn-a"]').focus();
    await page.keyboard.press('ArrowLeft');
    // The section may be sent anew at any time: the reading stays.
    await page.evaluate("setPart('links', document.getElementById('links').innerHTML); plotAll()");
    expect(await page.locator('[data-plot="vpn-a"] .axis').innerText()).toMatch(
      /\d\d:\d\d:\d\dZ\s+[\d.]+ ms\s+\d+ % lost/,
    );
    await page.keyboard.press('Escape');
    expect(await page.locator('[data-plot="vpn-a"] .axis').innerText()).toMatch(/\d min ago\s+now/);
  });

  it('can be walked through by the keyboard alone, and keeps the focus while it changes', async () => {
    const tab = await open({ width: 1280, height: 900 });
    await tab.locator('#map svg.wide').waitFor();
    const order: string[] = [];
    for (let step = 0; step < 5; step += 1) {
      await tab.keyboard.press('Tab');
      order.push(await focused(tab));
    }
    expect(order.slice(0, 4)).toEqual([
      'Skip to the paths',
      ...['dx-1', 'vpn-a', 'vpn-b'].map((link) => expect.stringContaining(`Round trip and loss of ${link}`)),
    ]);
    expect(order[4]).toMatch(/dx-1 to vpn-a \d moves/);
    const details = tab.locator('#incidents details').first();
    await tab.keyboard.press('Enter');
    expect(await details.getAttribute('open')).toBeNull();
    // The section is sent anew with the next incident: what was closed stays closed, what had the focus has it.
    await tab.evaluate(
      "setPart('incidents', document.getElementById('incidents').innerHTML.replace('<details', '<details open'))",
    );
    expect([await details.getAttribute('open'), await focused(tab)]).toEqual([null, order[4]]);
    for (const [caption, head] of [
      ['The link that each route table uses for each destination', 'Route table'],
      ['Traffic of each tunnel as its charon counts it', 'Tunnel'],
    ] as const)
      expect(await tab.getByRole('table', { name: caption }).getByRole('columnheader').first().innerText()).toBe(head);
    expect(
      await tab
        .getByRole('img', {
          name: /dx-1, vgw to rtr-1: dead, carries nothing\. vpn-a, gw-1 to rtr-1: alive, carries private-1\./,
        })
        .count(),
    ).toBe(1);
    await tab.context().close();
  });

  it('fits a phone, without a scroll sideways and with every table readable', async () => {
    const phone = await open({ width: 360, height: 740, dark: true });
    await phone.locator('#map svg.narrow').waitFor();
    expect(await phone.evaluate(() => (globalThis as any).document.documentElement.scrollWidth)).toBe(360);
    expect(await phone.locator('#map svg.wide').isVisible()).toBe(false);
    expect(
      await phone.evaluate(() => {
        const { document, innerWidth } = globalThis as any;
        return [...document.querySelectorAll('main *')]
          .filter(
            (one: any) =>
              one.getBoundingClientRect().right > innerWidth + 1 &&
              one.closest('svg') === null &&
              one.closest('thead, .unseen') === null,
          )
          .map((one: any) => `${one.tagName} ${one.innerText}`);
      }),
    ).toEqual([]);
    await phone.context().close();
  });

  it('asks nobody else for anything, and holds no key', async () => {
    expect(new Set(asked.map((address) => new URL(address).origin))).toEqual(new Set([new URL(url).origin]));
    expect(asked.map((address) => new URL(address).pathname)).toContain('/live');
    const stream = await fetch(`${url}live`).then(async (answer) =>
      new TextDecoder().decode((await answer.body!.getReader().read()).value),
    );
    expect(stream).toContain('dx-1');
    for (const text of [...answered, stream, await page.content(), web.said()])
      expect(text).not.toMatch(/lab\.key\.of|never-shown|BEGIN|psk/i);
  });

  it('says that it is no longer connected when its server ends, which Ctrl-C does at once', async () => {
    web.child.kill('SIGINT');
    expect((await web.ended).exit).toBe(130);
    await until(async () => (await page.locator('#connection-text').innerText()).startsWith('not connected'), {
      what: 'the page knows',
      withinMs: 30_000,
      everyMs: 50,
    });
  });
});
