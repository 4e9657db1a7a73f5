import { defineCommand, flag, FLAG, list } from '../../lib/core/command.ts';
import { usageError } from '../../lib/core/errors.ts';
import type { Sharing, SharingChange } from '../../lib/core/fpga.ts';
import { consent } from '../consent.ts';
import { CLOUD_FLAGS, cloudOf, imageIdOf, optionsOf, type CloudChoice } from './shared.ts';

interface Options extends CloudChoice {
  readonly id: string;
  readonly change: SharingChange;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

interface Result {
  readonly id: string;
  readonly before: Sharing;
  readonly after: Sharing;
  readonly changed: boolean;
}

const account = (text: string, field: string): string => {
  if (!/^\d{12}$/.test(text))
    throw usageError(`${text.slice(0, 40)} is no account`, { field, next: 'the 12 digits of an AWS account' });
  return text;
};

/** What a change makes of what is there. */
const changed = ({ accounts, everybody, productCodes }: Sharing, { add, remove }: SharingChange): Sharing => ({
  accounts: [...new Set([...accounts, ...add.accounts])].filter((one) => !remove.accounts.includes(one)).sort(),
  everybody: (everybody || add.everybody) && !remove.everybody,
  productCodes,
});

const same = (a: Sharing, b: Sharing): boolean =>
  a.everybody === b.everybody && [...a.accounts].sort().join() === [...b.accounts].sort().join();

export const share = defineCommand<Options, Result>({
  path: 'fpga share',
  summary: 'who else may load an AFI: accounts, or everybody',
  details:
    'Load permission lets an account load the image, not copy or read it. Without a change it tells how things stand. --everybody makes the image public, and asks.',
  args: [{ name: '<id>', summary: 'afi-…' }],
  flags: [
    ...CLOUD_FLAGS,
    { flags: '--account <id...>', summary: 'accounts that may load it from now on' },
    { flags: '--revoke <id...>', summary: 'accounts that may no longer' },
    { flags: '--everybody', summary: 'every account may load it' },
    { flags: '--nobody-else', summary: 'everybody may no longer; accounts that were named still may' },
    FLAG.dryRun,
    FLAG.yes,
  ],
  examples: [
    {
      line: 'hybridctl fpga share afi-09953582f46c45b17 --cloud aws --region us-east-1 --account 210987654321',
      why: "let another account's instances load it",
    },
    {
      line: 'hybridctl fpga share afi-09953582f46c45b17 --cloud aws --region us-east-1 --everybody --yes',
      why: 'publish it',
    },
  ],
  parse(raw, ports) {
    const choice = cloudOf(raw, ports);
    const [everybody, nobody] = [flag(raw, 'everybody'), flag(raw, 'nobodyElse')];
    if (everybody && nobody) throw usageError('and --nobody-else contradict each other', { field: '--everybody' });
    const change = {
      add: { accounts: list(raw, 'account').map((one) => account(one, '--account')), everybody },
      remove: { accounts: list(raw, 'revoke').map((one) => account(one, '--revoke')), everybody: nobody },
    };
    return { ...choice, id: imageIdOf(raw, choice), change, dryRun: flag(raw, 'dryRun'), yes: flag(raw, 'yes') };
  },
  async run({ id, change, dryRun, ...options }, ports) {
    const { sharing } = await ports.fpga(optionsOf(options, ports));
    if (sharing === undefined)
      throw usageError('FaaS shares images by its market alone', { field: '--cloud', next: 'hybridctl fpga publish' });
    const before = await sharing.get(id);
    const after = changed(before, change);
    if (same(before, after) || dryRun) return { result: { id, before, after, changed: false } };
    if (after.everybody && !before.everybody) await consent(ports, options, `Let every AWS account load ${id}?`);
    await sharing.change(id, change);
    return { result: { id, before, after: await sharing.get(id), changed: true } };
  },
  human({ id, before, after, changed: done }) {
    const who = ({ accounts, everybody }: Sharing): string =>
      [...accounts, ...(everybody ? ['everybody'] : [])].join(', ') || 'nobody but its owner';
    return same(before, after)
      ? `${id} may be loaded by ${who(after)}`
      : `${id} ${done ? 'may now' : 'would then'} be loaded by ${who(after)}; before: ${who(before)}`;
  },
});
