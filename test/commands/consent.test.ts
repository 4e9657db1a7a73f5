import { expect, test } from 'vitest';
import { canConsent, consent } from '../../src/commands/consent.ts';
import { fakeAsk } from '../fakes/ask.ts';
import { run } from '../helpers/run.ts';

const said = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
    return 'goes on';
  } catch (error) {
    const { exit, message } = error as { exit: number; message: string };
    return [exit, message];
  }
};
const asked = (answer: boolean) => ({ ask: fakeAsk({ 'Go?': answer }) });
const nobody = { ask: undefined };

test.each<[what: string, work: () => unknown, result: unknown]>([
  ['--yes off a terminal', () => consent(nobody, { yes: true }, 'Go?'), 'goes on'],
  ['nothing off a terminal', () => consent(nobody, { yes: false }, 'Go?'), [2, 'confirmation needed: add --yes']],
  [
    'another flag that answers',
    () => consent(nobody, { yes: false }, 'Go?', '--force'),
    [2, 'confirmation needed: add --force'],
  ],
  ['asked before slow work', () => canConsent(nobody, { yes: false }), [2, 'confirmation needed: add --yes']],
  ['a person who may be asked later', () => canConsent(asked(false), { yes: false }), 'goes on'],
  ['yes', () => consent(asked(true), { yes: false }, 'Go?'), 'goes on'],
  ['no', () => consent(asked(false), { yes: false }, 'Go?'), [1, 'cancelled; nothing was changed']],
])('%s', async (_, work, result) => {
  expect(await said(work)).toEqual(result);
});

test('repeatable flags take one value each, and who writes two is told to repeat the flag', async () => {
  expect((await run('dx vif create --adopt vgw=vgw-1 vif=dxvif-2 dx-1')).err).toBe(
    'hybridctl: --adopt: takes one value each time: write --adopt vgw=vgw-1 --adopt vif=dxvif-2\n',
  );
  expect((await run('dx vif create dx-1 dx-2')).err).toBe(
    "hybridctl: too many arguments for 'create'. Expected 1 argument but got 2.\n  next: see --help\n",
  );
});
