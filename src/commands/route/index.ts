import type { Command } from '../../lib/core/command.ts';
import { failback } from './failback.ts';
import { failover } from './failover.ts';
import { history } from './history.ts';
import { set } from './set.ts';
import { status } from './status.ts';
import { tune } from './tune.ts';

export const commands: readonly Command[] = [status, failover, failback, set, history, tune];
