import type { Command } from '../../lib/core/command.ts';
import { destroy } from './destroy.ts';
import { doctor } from './doctor.ts';
import { init } from './init.ts';
import { lint } from './lint.ts';
import { render } from './render.ts';
import { status } from './status.ts';

export const commands: readonly Command[] = [init, render, status, doctor, lint, destroy];
