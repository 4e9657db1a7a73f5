import type { Command } from '../../lib/core/command.ts';
import { destroy } from './destroy.ts';
import { init } from './init.ts';
import { status } from './status.ts';

export const commands: readonly Command[] = [init, status, destroy];
