import type { Command } from '../../../lib/core/command.ts';
import { init } from './init.ts';
import { issue } from './issue.ts';
import { revoke } from './revoke.ts';
import { status } from './status.ts';

export const commands: readonly Command[] = [init, issue, revoke, status];
