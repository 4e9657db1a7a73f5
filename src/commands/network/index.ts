import type { Command } from '../../lib/core/command.ts';
import { create } from './create.ts';
import { destroy } from './destroy.ts';
import { render } from './render.ts';
import { status } from './status.ts';

export const commands: readonly Command[] = [render, create, status, destroy];
