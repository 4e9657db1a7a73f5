import { flag } from '../../lib/core/flags.ts';
import type { Kind } from '../../lib/core/flags/kind.ts';
import { checkedName } from '../../lib/lab/state.ts';

/** A name that can prefix namespaces and devices. */
const labName: Kind<string> = { placeholder: 'lab', parse: checkedName };

/** Every command of the group has it. */
export const NAME = flag(labName, 'which lab, where several stand side by side', {
  env: 'HYBRIDCTL_LAB',
  default: 'hyb',
});
