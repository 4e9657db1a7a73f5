import type { Command } from '../../lib/core/command.ts';
import { destroy } from './destroy.ts';
import { init } from './init.ts';

export const commands: readonly Command[] = [init, destroy];
