import type { Command } from '../../lib/core/command.ts';
import { drill } from './drill.ts';
import { route } from './route.ts';

export const commands: readonly Command[] = [drill, route];
