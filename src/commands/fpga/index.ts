import type { Command } from '../../lib/core/command.ts';
import { explained } from '../../lib/fpga/explained.ts';
import { auth } from './auth.ts';
import { config } from './config.ts';
import { copy } from './copy.ts';
import { create } from './create.ts';
import { remove } from './delete.ts';
import { describe } from './describe.ts';
import { explanation } from './explain.ts';
import { get } from './get.ts';
import { instances } from './instances.ts';
import { list } from './list.ts';
import { load } from './load.ts';
import { objects } from './objects.ts';
import { policyDelete } from './policy-delete.ts';
import { policyList } from './policy-list.ts';
import { publish } from './publish.ts';
import { share } from './share.ts';
import { status } from './status.ts';
import { upload } from './upload.ts';
import { uploads } from './uploads.ts';
import { wait } from './wait.ts';

const all: readonly Command[] = [
  upload,
  uploads,
  create,
  wait,
  list,
  describe,
  remove,
  copy,
  share,
  publish,
  load,
  status,
  instances,
  objects,
  get,
  auth,
  policyList,
  policyDelete,
  config,
  explanation,
];

export const commands: readonly Command[] = all.map(explained);
