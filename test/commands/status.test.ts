import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { clock } from '../../src/lib/adapters/clock.ts';
import { files as realFiles } from '../../src/lib/adapters/files.ts';
import { openScreen } from '../../src/lib/adapters/screen.ts';
import { offerFeed } from '../../src/lib/adapters/views/feed.ts';
import { views } from '../../src/lib/adapters/views/index.ts';
import type { Files } from '../../src/lib/core/ports.ts';
import type { Screen } from '../../src/lib/core/views.ts';
import { ecsLine, isLogged } from '../../src/lib/monitor/ecs.ts';
import type { Sink } from '../../src/lib/monitor/events.ts';
import { feedPath, feedSink } from '../../src/lib/monitor/feed.ts';
import { fakeClock } from '../fakes/clock.ts';
import { fixture, testCloud } from '../helpers/cloud.ts';
import { WRITER } from '../helpers/events.ts';
import { builtProgram } from '../helpers/program.ts';
import { run, type RunOptions } from '../helpers/run.ts';
import { AFTER, DIES, LATER, MOVES, WELL } from '../helpers/site-story.ts';

const SITE = fixture('lab');
const STORY = [...WELL, DIES, ...MOVES, ...AFTER];
let state: string;
const closing: (() => unknown)[] = [];
beforeEach(() => void (state = mkdtempSync(join(tmpdir(), 'hybridctl-status-'))));
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(state, { recursive: true, force: true });
});

/** A feed as `route monitor` offers it. */
const monitor = async (events: readonly (typeof STORY)[number][]): Promise<Sink> => {
  const sink = await feedSink({
    offer: (past) => offerFeed(feedPath(state, 'demo'), past),
    onTrouble: (message) => expect.unreachable(message),
  });
  closing.push(() => sink.close());
  events.forEach(sink.accept);
  return sink;
};
const ask = (line: string, options: RunOptions = {}) =>
  run(`${line} --state-dir ${state}`, {
    ...options,
    files: { 'hybridctl.yaml': SITE, ...options.files },
    ports: { views: async () => views, clock: fakeClock(LATER), ...options.ports },
  });

describe('status, once', () => {
  test('says what the monitor sees, as text and as data', async () => {
    await monitor(STORY);
    const { exit, out, err } = await ask('status');
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toMatch(
      /^demo {2}cn-north-1 .* monitor up 1m, profile default, holds the lease\ndx-1 is dead, 2 routes over vpn-a, vpn-b\n/,
    );
    const data = (await ask('status --json')).json();
    expect(data).toMatchObject({
      verdict: { tone: 'warn' },
      watcher: { kind: 'monitor' },
      routes: [{ link: 'vpn-a' }, { link: 'vpn-b' }],
      incidents: [{ incident: '7-1', moves: [{ detectMs: 522, apiMs: 84, verifyMs: 121 }, {}] }],
    });
    expect((await ask('status --detailed-exitcode --quiet')).exit).toBe(3);
  });

  test('without a monitor it reads the cloud and the event log, and says so', async () => {
    const cloud = await testCloud(SITE);
    cloud.cloud.setPropagated('vgw-078bcc55', ['10.10.0.0/16']);
    const log = STORY.filter(isLogged)
      .map((event) => `${JSON.stringify(ecsLine(event, WRITER))}\n`)
      .join('');
    const ran = await cloud.run(`status --json --state-dir ${state}`, {
      files: { [join(state, 'demo.events.ndjson')]: log },
      ports: { views: async () => views, clock: fakeClock(LATER) },
    });
    expect(ran.err).toBe('');
    expect(ran.json()).toMatchObject({
      verdict: { text: 'No monitor is running: link state is unknown' },
      watcher: { kind: 'nobody', because: 'no monitor runs on this machine' },
      routes: [{ link: 'dx-1' }, { link: 'dx-1' }],
      links: [{ state: 'unknown', last: { state: 'dead' } }, {}, {}],
      incidents: [{ incident: '7-1' }],
    });
    await cloud.fault({ '*': { break: 'error' } });
    const dark = await cloud.run(`status --detailed-exitcode --state-dir ${state}`, {
      ports: { views: async () => views, clock: fakeClock(LATER) },
    });
    expect(dark.exit).toBe(3);
    expect(dark.out).toMatch(/\nroute tables: .+\n/);
    expect(dark.out).toContain('not known');
  });

  test.each([
    ['--watch --web', '--watch'],
    ['--token-file x', '--token-file'],
    ['--name x', '--name'],
    ['--web --listen nowhere', '--listen'],
    ['--web --listen 127.0.0.1:99999', '--listen'],
    ['--web --listen 300.0.0.1', '--listen'],
    ['--web --listen 0.0.0.0:8642', '--token-file'],
    ['--web --listen [::]:8642', '--token-file'],
    ['--web --name a/b', '--name'],
  ])("%s is the caller's mistake", async (flags, field) => {
    const { exit, err } = await ask(`status ${flags} --json`);
    expect({ exit, field: JSON.parse(err).error.field }).toEqual({ exit: 2, field });
  });
});

describe('status --web', () => {
  /** Starts it and waits for its address. */
  const start = async (flags: string, options: RunOptions = {}) => {
    let told = '';
    const stopping = new AbortController();
    const ended = ask(`status --web --listen 127.0.0.1:0 ${flags}`, {
      ...options,
      ports: {
        progress: (line) => void (told += `${line}\n`),
        signal: stopping.signal,
        random: (count) => crypto.getRandomValues(new Uint8Array(count)),
        clock,
        ...options.ports,
      },
    });
    await vi.waitFor(() => expect(told).toContain('Ctrl-C ends it'), { timeout: 5_000 });
    return { url: /http:\S+\//.exec(told)![0], told: () => told, stop: () => (stopping.abort('SIGINT'), ended) };
  };

  test('serves until Ctrl-C, which cuts what is open', async () => {
    await monitor(STORY);
    const { url, stop } = await start('');
    const answer = await fetch(`${url}live`);
    expect(answer.status).toBe(200);
    const reading = answer.text();
    const { exit, out } = await stop();
    expect({ exit, out }).toEqual({ exit: 130, out: '' });
    await expect(reading).rejects.toThrow();
    await expect(fetch(url)).rejects.toThrow();
  });

  test('a token is made where there is none, for its owner alone; it opens the stream and is never said', async () => {
    await monitor(STORY);
    const path = join(state, 'status.token');
    const given: Files = {
      read: async (name, limit) => (name.endsWith('hybridctl.yaml') ? SITE : realFiles.read(name, limit)),
      stat: realFiles.stat,
      write: realFiles.write,
    };
    const { url, told, stop } = await start(`--token-file ${path}`, { ports: { files: given } });
    const token = (await realFiles.read(path))!.trim();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect((await fetch(`${url}live`)).status).toBe(401);
    const leave = new AbortController();
    const answer = await fetch(`${url}live`, { headers: { authorization: `Bearer ${token}` }, signal: leave.signal });
    expect(answer.status).toBe(200);
    leave.abort();
    const { out } = await stop();
    expect(out + told()).not.toContain(token);
    expect(told()).toContain(`made ${path}`);
  });

  test.each([
    ['others can read', { content: 'a-token-of-more-than-sixteen', mode: 0o644 }, 'can be read by others (mode 0644)'],
    ['holds too little', { content: 'short\n', mode: 0o600 }, 'holds no token'],
  ])('a token file that %s is refused', async (_, token, message) => {
    const { exit, err } = await ask('status --web --token-file token', { files: { token } });
    expect([exit, err]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('status --watch', () => {
  const PIPE = { isTTY: false, on: () => undefined } as const;
  const watch = (flags: string, out: { write(text: string): void }) => {
    const stopping = new AbortController();
    const screen = async (): Promise<Screen> =>
      openScreen({ ...PIPE, ...out } as never, { colour: false, drawn: 'isTTY' in out });
    const ended = ask(`status --watch ${flags}`, { ports: { clock, signal: stopping.signal, screen } });
    return { stop: () => (stopping.abort('SIGTERM'), ended) };
  };

  test('into a pipe: a line for each event', async () => {
    const sink = await monitor(WELL);
    let piped = '';
    const { stop } = watch('', { write: (text) => void (piped += text) });
    await vi.waitFor(() => expect(piped).toContain('Every path carries'), { timeout: 5_000 });
    [DIES, ...MOVES].forEach(sink.accept);
    await vi.waitFor(() => expect(piped).toContain('over vpn-a, vpn-b'), { timeout: 5_000 });
    expect(piped.split('\n').slice(1)).toEqual([
      '08:01:00Z dx-1: alive -> dead (no reply for 520 ms)',
      expect.stringContaining('Not carried: 10.10.0.0/16 of private-1, 10.10.0.0/16 of private-2'),
      expect.stringContaining('dx-1 -> vpn-a: moved; detect 522 ms, api 84 ms, seen 121 ms'),
      expect.stringContaining('Not carried: 10.10.0.0/16 of private-2'),
      expect.stringContaining('dx-1 -> vpn-b: moved'),
      expect.stringContaining('dx-1 is dead, 2 routes over vpn-a, vpn-b'),
      '',
    ]);
    const { exit, out } = await stop();
    expect(exit).toBe(0);
    expect(out).toContain('dx-1 is dead, 2 routes over vpn-a, vpn-b');
  });

  test('--json: each change of state is a line, and nothing else is on stdout', async () => {
    const sink = await monitor(WELL);
    let piped = '';
    const { stop } = watch('--json', { write: (text) => void (piped += text) });
    await new Promise((resolve) => setTimeout(resolve, 300));
    DIES.kind === 'verdict' && sink.accept(DIES);
    AFTER.forEach(sink.accept);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { out } = await stop();
    expect(piped).toBe('');
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).verdict.text),
    ).toEqual([
      'Every path carries',
      'Not carried: 10.10.0.0/16 of private-1, 10.10.0.0/16 of private-2',
      'dx-1 is dead, 2 routes over vpn-a, vpn-b',
    ]);
  });

  describe('at a terminal', () => {
    // What the sources have made stale is built first: that takes longer than a step may.
    beforeAll(builtProgram, 300_000);

    test('it redraws in place, follows the size, colours unless told not to, and gives the screen back on Ctrl-C', async () => {
      const sink = await monitor(WELL);
      const site = join(state, 'site.yaml');
      writeFileSync(site, SITE);
      mkdirSync(join(state, 'home'));
      const words = [process.execPath, await builtProgram(), 'status', '--watch', '--site', site, '--state-dir', state];
      const child = spawn('script', ['-qefc', `stty cols 100 rows 40; tty; exec ${words.join(' ')}`, '/dev/null'], {
        env: { ...process.env, NO_COLOR: '', TERM: 'xterm', HOME: join(state, 'home') },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      closing.push(() => child.kill('SIGKILL'));
      let screen = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
      const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
      const shows = (what: string | RegExp) =>
        vi.waitFor(() => expect(screen).toMatch(what), { timeout: 15_000, interval: 20 });
      await shows('Every path carries');
      const terminal = /\/dev\/pts\/\d+/.exec(screen)![0];
      expect(screen).toContain('\u001b[?1049h\u001b[?25l');
      expect(screen).toContain('\u001b[32mdx-1\u001b[39m');
      screen = '';
      [DIES, ...MOVES].forEach(sink.accept);
      await shows('over vpn-a, vpn-b');
      expect(screen).toContain('\u001b[H');
      expect(screen).not.toContain('\u001b[?1049h');
      screen = '';
      execFileSync('stty', ['-F', terminal, 'cols', '60', 'rows', '8']);
      await shows('…');
      expect(screen.slice(screen.lastIndexOf('\u001b[H')).split('\r\n')).toHaveLength(8);
      screen = '';
      child.stdin.write('\u0003');
      expect(await exit).toBe(130);
      // The screen is given back first; what stays in the scrollback is the last picture.
      const [before, after] = screen.split('\u001b[?7h\u001b[?25h\u001b[?1049l');
      expect(before).not.toContain('INCIDENT');
      expect(after).toContain('INCIDENT');
      expect(execFileSync('sh', ['-c', `[ -e ${terminal} ] && echo there || echo gone`]).toString()).toBe('gone\n');
    }, 40_000);
  });
});
