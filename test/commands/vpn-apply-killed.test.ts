import { expect, test } from 'vitest';
import { ALL, bench, CALLS, NEW_SITE } from '../helpers/deployment.ts';
import { mortalRuns } from '../helpers/killed.ts';

/**
 * Boundaries that lie before a call, after files were written: the keys, and the site file. At all others a call has
 * just been carried out.
 */
const AFTER_FILES = ['AllocateAddress', 'CreateRole'];
const LINE = `${NEW_SITE} --yes --force`;

/**
 * Every run begins where the one before it was killed, so that each boundary is both an end and a beginning; what such
 * a run would do when it is let alone is in vpn-apply.test.ts, one boundary at a time.
 */
test('SIGKILL at every step boundary: the same end, nothing twice, nothing orphaned; then destroy leaves nothing, and it can be made anew', {
  timeout: 400_000,
}, async () => {
  const made = await bench();
  const run = await mortalRuns(made.url, made.folder);
  const waiting = new Set(AFTER_FILES);
  const die = (operation: string) => (waiting.delete(operation) ? 'before' : 'after') as 'before' | 'after';
  const deadly: string[] = [];
  for (let last = await run(LINE, die); last.signal !== null; last = await run(LINE, die)) {
    expect([last.signal, last.changes.length], last.err).toEqual(['SIGKILL', 1]);
    deadly.push(...last.changes);
    expect(deadly.length, deadly.join(' ')).toBeLessThan(25);
  }
  expect(deadly).toEqual(['AllocateAddress', 'AllocateAddress', 'AllocateAddress', 'CreateRole', ...CALLS.slice(2)]);
  expect(made.ours('office')).toEqual(ALL);

  const file = made.read('office.yaml');
  const again = await made.on(`${NEW_SITE} --yes`);
  expect([again.exit, made.changes(), made.read('office.yaml')]).toEqual([0, [], file]);

  const dies = { at: 1, when: 'after' as const };
  let deaths = 0;
  while ((await made.on('vpn destroy --site office.yaml --yes', dies)).err.includes('killed'))
    expect((deaths += 1)).toBeLessThan(25);
  expect([deaths, made.ours('office')]).toEqual([17, {}]);
  expect(made.read('office.yaml')).toMatch(/(released: true[\s\S]*){2}/);
  expect(made.read('office.yaml')).not.toMatch(/instance:|eni:/);

  // And from there on, without a hand: new addresses, in the site file and in what is rendered.
  const anew = await made.on('vpn init --site office.yaml --apply --yes');
  expect([anew.exit, made.ours('office')], anew.err).toEqual([0, ALL]);
  expect(made.read('office.yaml')).not.toContain('released');
  const [, address] = /public_ip: (\S+)/.exec(made.read('office.yaml'))!;
  expect([file.includes(`public_ip: ${address}`), made.read('rendered/rtr-1/rtr-1.ios').includes(address!)]).toEqual([
    false,
    true,
  ]);
  expect((await made.on('vpn destroy --site office.yaml --yes')).exit).toBe(0);
  expect(made.ours('office')).toEqual({});
});

test('killed after the first Elastic IP: the site file is there, destroy goes by it, and the same line goes on without a question', {
  timeout: 100_000,
}, async () => {
  const made = await bench();
  const run = await mortalRuns(made.url, made.folder);
  const first = await run(LINE, () => 'after');
  expect([first.signal, first.changes]).toEqual(['SIGKILL', ['AllocateAddress']]);
  expect(made.read('office.yaml')).toMatch(/(released: true[\s\S]*){2}/);
  expect((await made.on('vpn destroy --site office.yaml --yes')).exit).toBe(0);
  expect(made.ours('office')).toEqual({});

  expect((await run(LINE, () => 'after')).signal).toBe('SIGKILL');
  const goesOn = await made.on(`${NEW_SITE} --yes`);
  expect([goesOn.exit, made.ours('office')], goesOn.err).toEqual([0, ALL]);
  expect(made.read('office.yaml')).not.toContain('released');
});
