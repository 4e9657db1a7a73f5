import type { Command } from '../../lib/core/command.ts';
import { bench } from './bench.ts';
import { heal } from './heal.ts';
import { mount } from './mount.ts';
import { status } from './status.ts';
import { umount } from './umount.ts';

export const commands: readonly Command[] = [mount, umount, status, heal, bench];
