import type { Command } from '../../lib/core/command.ts';
import { render } from './render.ts';

export const commands: readonly Command[] = [render];
