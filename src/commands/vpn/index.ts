import type { Command } from '../../lib/core/command.ts';
import { destroy } from './destroy.ts';
import { doctor } from './doctor.ts';
import { down } from './down.ts';
import { init } from './init.ts';
import { lint } from './lint.ts';
import { commands as pki } from './pki/index.ts';
import { render } from './render.ts';
import { status } from './status.ts';
import { traffic } from './traffic.ts';
import { up } from './up.ts';

export const commands: readonly Command[] = [init, render, up, down, status, traffic, doctor, lint, ...pki, destroy];
