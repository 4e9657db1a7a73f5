#!/usr/bin/env node
'use strict';
/*
 * Starts the bundle beside it (app/). This file is written in the JavaScript of Node 10 (no `?.`, no `??`, no `node:`),
 * so that a Node that is too old can still read it and say so in one line.
 *
 * It gives the bundle V8's compiled code from an earlier run. Compiling the AWS SDK is most of the time a one-call
 * command takes, and Node 20 has no compile cache of its own; one loader serves every Node version.
 *
 * The compiled code is written when a run ends, so that it holds the functions that run compiled lazily. It goes into
 * the user's cache folder ($XDG_CACHE_HOME/hybridctl or ~/.cache/hybridctl), never into the package's own folder: a
 * package stays as it was installed. Compiled code is native code in all but name: it is loaded only from a folder that
 * is ours and that nobody else can write. Whatever goes wrong with it is silent, since all it costs is time.
 * NODE_DISABLE_COMPILE_CACHE=1, Node's own switch, turns it off.
 */

/** The least minor version of each major one, as package.json's engines say; from 24 on all will do. */
const LEAST_MINOR = { 20: 17, 22: 13, 23: 5 };
const version = process.versions.node.split('.').map(Number);
if (version[0] < 24 && !(version[1] >= LEAST_MINOR[version[0]])) {
  process.stderr.write(
    `hybridctl needs Node.js 20.17, 22.13, 24 or later; this is Node.js ${process.versions.node} (${process.execPath})\n`,
  );
  process.exit(4);
}

const fs = require('fs');
const path = require('path');
const vm = require('vm');

const app = path.join(__dirname, 'app');
// The build's hash is part of the name, so a new build never meets old code.
const build = '__BUILD_ID__';
const key = `${build}-${process.version}-${process.arch}`;
/** Several builds may be in use on one machine. The newest few keep their code; each is some megabytes. */
const KEPT = 5;

const quietly = (work) => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

/** A real folder of our uid. */
const belongsToUs = (folder) => {
  const stat = quietly(() => fs.lstatSync(folder));
  return stat !== undefined && stat.isDirectory() && process.getuid !== undefined && stat.uid === process.getuid();
};

/** And nobody else may write in it: no write permission for group or others. */
const isOurs = (folder) => belongsToUs(folder) && (fs.lstatSync(folder).mode & 0o022) === 0;

/**
 * Where compiled code lies, or undefined for nowhere. Folders are made only below a folder that is ours: root with the
 * HOME of somebody else would leave that user a ~/.cache that is root's.
 */
const cacheRoot = () => {
  const { HOME, XDG_CACHE_HOME, NODE_DISABLE_COMPILE_CACHE } = process.env;
  if (NODE_DISABLE_COMPILE_CACHE) return undefined;
  // XDG base directory specification: a relative path is to be ignored.
  if (XDG_CACHE_HOME && path.isAbsolute(XDG_CACHE_HOME)) return path.join(XDG_CACHE_HOME, 'hybridctl');
  return HOME && belongsToUs(HOME) ? path.join(HOME, '.cache', 'hybridctl') : undefined;
};

const root = cacheRoot();
const ours = root === undefined ? undefined : path.join(root, key);
const found = ours !== undefined && isOurs(ours) ? ours : undefined;

/** Removes the code of all builds but the newest few. */
const forgetOld = () => {
  const byAge = fs
    .readdirSync(root)
    .map((name) => ({ name, time: fs.statSync(path.join(root, name)).mtimeMs }))
    .sort((one, other) => other.time - one.time);
  for (const { name } of byAge.slice(KEPT - 1)) quietly(() => removeFolder(path.join(root, name)));
};

/** It holds files alone. */
const removeFolder = (folder) => {
  for (const name of fs.readdirSync(folder)) fs.unlinkSync(path.join(folder, name));
  fs.rmdirSync(folder);
};

/** Makes the folder for this build. @returns it, or undefined where that can't be done. */
const makeFolder = () => {
  if (root === undefined) return undefined;
  quietly(() => {
    fs.mkdirSync(root, { recursive: true, mode: 0o700 });
    if (!isOurs(root)) return;
    quietly(forgetOld);
    fs.mkdirSync(ours, { mode: 0o700 });
  });
  return isOurs(ours) ? ours : undefined;
};

/**
 * Bytes of the CRC-32 behind the code. V8 believes what it is given: with one bit that a disk has flipped it crashed, or
 * ran something else, in 22 of 120 runs.
 */
const CHECK = 4;
const crc32 = require('zlib').crc32;

/** The code of a file as it was written; undefined where there is none, or it is damaged. */
const readCode = (name) => {
  const bytes = quietly(() => fs.readFileSync(path.join(found, name)));
  if (bytes === undefined || bytes.length <= CHECK) return undefined;
  const code = bytes.subarray(0, -CHECK);
  return crc32(code) === bytes.readUInt32LE(code.length) ? code : undefined;
};

const withCheck = (code) => {
  const check = Buffer.alloc(CHECK);
  check.writeUInt32LE(crc32(code), 0);
  return Buffer.concat([code, check]);
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
  const cachedData = found && readCode(name);
  const source = `(function (exports, require, module) {${fs.readFileSync(filename, 'utf8')}\n})`;
  const script = new vm.Script(source, Object.assign({ filename }, cachedData ? { cachedData } : {}));
  if (!cachedData || script.cachedDataRejected) fresh.push({ name, script });
  const module = { exports: {} };
  modules.set(id, module);
  script.runInThisContext()(module.exports, load, module);
  return module.exports;
};

process.once('exit', () => {
  const folder = fresh.length > 0 ? found || makeFolder() : undefined;
  if (folder === undefined) return;
  for (const { name, script } of fresh) {
    quietly(() => {
      const temp = path.join(folder, `${name}.${process.pid}`);
      fs.writeFileSync(temp, withCheck(script.createCachedData()), { mode: 0o600, flag: 'wx' });
      fs.renameSync(temp, path.join(folder, name));
    });
  }
});

load(`./${path.basename(__filename)}`);
