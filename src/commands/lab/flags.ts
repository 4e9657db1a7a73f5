import { text, type Flag, type Raw } from '../../lib/core/command.ts';
import { checkedName } from '../../lib/lab/state.ts';

export const NAME: Flag = {
  flags: '--name <lab>',
  summary: 'which lab, where several stand side by side',
  env: 'HYBRIDCTL_LAB',
  default: 'hyb',
};

/** Throws a usage error for a name that can't prefix namespaces and devices. */
export const labName = (raw: Raw): string => checkedName(text(raw, 'name') ?? 'hyb');
