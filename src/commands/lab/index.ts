import type { Command } from '../../lib/core/command.ts';
import { down } from './down.ts';
import { serve } from './serve.ts';
import { up } from './up.ts';

export const commands: readonly Command[] = [up, down, serve];
