import type { Command } from '../lib/core/command.ts';

export const commands: readonly Command[] = [];
