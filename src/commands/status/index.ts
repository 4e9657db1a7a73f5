import type { Command } from '../../lib/core/command.ts';
import { status } from './status.ts';

export const commands: readonly Command[] = [status];
