import { destroy } from './destroy.ts';
import { emit } from './emit.ts';
import { init } from './init.ts';
import { log } from './log.ts';
import { ship } from './ship.ts';
import { status } from './status.ts';

export const commands = [init, emit, status, destroy, log, ship];
