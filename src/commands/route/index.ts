import type { Command } from '../../lib/core/command.ts';
import { failback } from './failback.ts';
import { failover } from './failover.ts';
import { history } from './history.ts';
import { monitor } from './monitor.ts';
import { pin } from './pin.ts';
import { set } from './set.ts';
import { status } from './status.ts';
import { tune } from './tune.ts';
import { unpin } from './unpin.ts';

export const commands: readonly Command[] = [status, failover, failback, set, pin, unpin, monitor, history, tune];
