import type { Command } from '../../lib/core/command.ts';
import { schema } from './schema.ts';
import { validate } from './validate.ts';

export const commands: readonly Command[] = [validate, schema];
