import type { Command } from '../../lib/core/command.ts';
import { cloud } from './cloud.ts';
import { cut } from './cut.ts';
import { down } from './down.ts';
import { exec } from './exec.ts';
import { guest } from './guest.ts';
import { heal } from './heal.ts';
import { serve } from './serve.ts';
import { status } from './status.ts';
import { up } from './up.ts';

export const commands: readonly Command[] = [up, status, exec, cut, heal, cloud, down, serve, guest];
