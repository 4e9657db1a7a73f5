#!/usr/bin/env node
'use strict';
/*
 * Loads the bundle beside it (app/) with V8's compiled code from an earlier run. Compiling the AWS SDK is most of the
 * time a one-call command takes, and Node 20 has no compile cache of its own; one loader serves every Node version.
 *
 * The cache is written when a run ends, so that it holds the functions that run compiled lazily. It is native code in
 * all but name: it is loaded only from a folder that is ours and that nobody else can write. Whatever goes wrong with
 * it is silent, since all it costs is time. NODE_DISABLE_COMPILE_CACHE=1, Node's own switch, turns it off.
 */
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const app = path.join(__dirname, 'app');
// The build's hash is part of the name, so a new build never meets old code.
const build = '__BUILD_ID__';
const key = `${build}-${process.version}-${process.arch}`;

const quietly = (work) => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

/** Ours alone: a real folder, our uid, no write permission for group or others. */
const isOurs = (folder) => {
  const stat = quietly(() => fs.lstatSync(folder));
  return stat?.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0;
};

const home = process.env.XDG_CACHE_HOME || (process.env.HOME && path.join(process.env.HOME, '.cache'));
const roots = process.env.NODE_DISABLE_COMPILE_CACHE
  ? []
  : [path.join(__dirname, '.cache'), ...(home ? [path.join(home, 'hybridctl')] : [])];
const found = roots.map((root) => path.join(root, key)).find(isOurs);

/** Makes the folder for this build, and forgets what earlier builds left. */
const makeFolder = () => {
  for (const root of roots) {
    const folder = path.join(root, key);
    const made = quietly(() => {
      fs.mkdirSync(root, { recursive: true, mode: 0o700 });
      if (!isOurs(root)) return false;
      for (const old of fs.readdirSync(root))
        if (!old.startsWith(build)) fs.rmSync(path.join(root, old), { recursive: true, force: true });
      fs.mkdirSync(folder, { mode: 0o700 });
      return true;
    });
    if (made || isOurs(folder)) return folder;
  }
  return undefined;
};

const modules = new Map();
const fresh = [];

/** `require` for the bundle's own files, which name each other as ./x.cjs; all else is Node's. */
const load = (id) => {
  if (!id.startsWith('./')) return require(id);
  const known = modules.get(id);
  if (known !== undefined) return known.exports;
  const name = id.slice(2);
  const filename = path.join(app, name);
  const cachedData = found && quietly(() => fs.readFileSync(path.join(found, name)));
  const source = `(function (exports, require, module) {${fs.readFileSync(filename, 'utf8')}\n})`;
  const script = new vm.Script(source, { filename, ...(cachedData ? { cachedData } : {}) });
  if (cachedData === undefined || script.cachedDataRejected) fresh.push({ name, script });
  const module = { exports: {} };
  modules.set(id, module);
  script.runInThisContext()(module.exports, load, module);
  return module.exports;
};

process.once('exit', () => {
  const folder = fresh.length > 0 && roots.length > 0 ? (found ?? makeFolder()) : undefined;
  if (folder === undefined) return;
  for (const { name, script } of fresh) {
    quietly(() => {
      const temp = path.join(folder, `${name}.${process.pid}`);
      fs.writeFileSync(temp, script.createCachedData(), { mode: 0o600, flag: 'wx' });
      fs.renameSync(temp, path.join(folder, name));
    });
  }
});

load(`./${path.basename(__filename)}`);
