import type { Command } from '../../lib/core/command.ts';
import { drill } from './drill.ts';

export const commands: readonly Command[] = [drill];
