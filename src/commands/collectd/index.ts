import type { Command } from '../../lib/core/command.ts';
import { blocked } from './blocked.ts';
import { deploy } from './deploy.ts';
import { add } from './whitelist-add.ts';
import { deploy as deployWhitelist } from './whitelist-deploy.ts';
import { lint } from './whitelist-lint.ts';
import { list } from './whitelist-list.ts';
import { preview } from './whitelist-preview.ts';
import { remove } from './whitelist-remove.ts';

export const commands: readonly Command[] = [deploy, add, remove, list, lint, preview, deployWhitelist, blocked];
