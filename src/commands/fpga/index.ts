import type { Command } from '../../lib/core/command.ts';
import { list } from './list.ts';

export const commands: readonly Command[] = [list];
