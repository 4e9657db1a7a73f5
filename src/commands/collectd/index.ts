import type { Command } from '../../lib/core/command.ts';
import { blocked } from './blocked.ts';
import { add } from './whitelist-add.ts';
import { lint } from './whitelist-lint.ts';
import { list } from './whitelist-list.ts';
import { preview } from './whitelist-preview.ts';
import { remove } from './whitelist-remove.ts';

export const commands: readonly Command[] = [add, remove, list, lint, preview, blocked];
