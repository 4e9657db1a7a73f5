import type { Command } from '../../lib/core/command.ts';
import { accept } from './accept.ts';
import { create } from './create.ts';
import { key } from './key.ts';
import { destroy } from './destroy.ts';
import { render } from './render.ts';
import { status } from './status.ts';

export const commands: readonly Command[] = [render, accept, create, key, status, destroy];
