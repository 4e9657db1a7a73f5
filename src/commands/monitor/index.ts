import type { Command } from '../../lib/core/command.ts';
import { install } from './install.ts';
import { uninstall } from './uninstall.ts';

export const commands: readonly Command[] = [install, uninstall];
