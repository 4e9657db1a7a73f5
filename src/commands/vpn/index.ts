import type { Command } from '../../lib/core/command.ts';
import { render } from './render.ts';
import { status } from './status.ts';

export const commands: readonly Command[] = [render, status];
