import { create } from './create.ts';
import { remove } from './delete.ts';
import { listed } from './list.ts';

export const commands = [create, listed, remove];
