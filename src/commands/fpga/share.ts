import { usageError } from '../../lib/core/errors.ts';
import { flag, toggle } from '../../lib/core/flags.ts';
import { text } from '../../lib/core/flags/kinds.ts';
import type { Sharing, SharingChange } from '../../lib/core/fpga.ts';
import { jsonShape } from '../../lib/core/json-shape.ts';
import { consent } from '../consent.ts';
import { FLAG } from '../flags.ts';
import { ID } from './flags.ts';
import { fpgaCommand } from './shared.ts';

const account = text({
  placeholder: 'id',
  shape: /^\d{12}$/,
  what: 'an AWS account (12 digits)',
  like: '123456789012',
});

/** What a change makes of what is there. */
const changed = ({ accounts, everybody, productCodes }: Sharing, { add, remove }: SharingChange): Sharing => ({
  accounts: [...new Set([...accounts, ...add.accounts])].filter((one) => !remove.accounts.includes(one)).sort(),
  everybody: (everybody || add.everybody) && !remove.everybody,
  productCodes,
});

const same = (a: Sharing, b: Sharing): boolean =>
  a.everybody === b.everybody && [...a.accounts].sort().join() === [...b.accounts].sort().join();

export const share = fpgaCommand({
  path: 'fpga share',
  summary: 'share an AFI with accounts, or with everybody',
  details:
    'Load permission lets an account load the image, not copy or read it. Without a change it shows who may load it now. --everybody makes the image public, and asks.',
  args: { id: { ...ID.id, summary: 'afi-…' } },
  flags: {
    account: flag(account, 'account that may load it from now on', { many: true }),
    revoke: flag(account, 'account that may no longer', { many: true }),
    everybody: toggle('every account may load it'),
    nobodyElse: toggle('everybody may no longer; accounts that were named still may'),
    dryRun: FLAG.dryRun,
    yes: FLAG.yes,
  },
  conflicts: [['everybody', 'nobodyElse']],
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
  async run({ id, account: added, revoke, everybody, nobodyElse, dryRun, yes }, { fpga }, ports) {
    const { sharing } = await fpga();
    if (sharing === undefined)
      throw usageError('FaaS shares images by its market alone', { field: '--cloud', next: 'hybridctl fpga publish' });
    const change = {
      add: { accounts: added, everybody },
      remove: { accounts: revoke, everybody: nobodyElse },
    };
    const before = await sharing.get(id);
    const after = changed(before, change);
    if (same(before, after) || dryRun) return { result: { id, before, after, changed: false } };
    if (after.everybody && !before.everybody) await consent(ports, { yes }, `Let every AWS account load ${id}?`);
    await sharing.change(id, change);
    return { result: { id, before, after: await sharing.get(id), changed: true } };
  },
  json: jsonShape(1, async () => (await import('./json.ts')).fpgaShare),
  data: (result) => result,
  human({ id, before, after, changed: done }) {
    const who = ({ accounts, everybody }: Sharing): string =>
      [...accounts, ...(everybody ? ['everybody'] : [])].join(', ') || 'nobody but its owner';
    return same(before, after)
      ? `${id} may be loaded by ${who(after)}`
      : `${id} ${done ? 'may now' : 'would then'} be loaded by ${who(after)}; before: ${who(before)}`;
  },
});
