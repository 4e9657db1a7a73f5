import { gzipSync } from 'node:zlib';

/** EC2 takes no more (before base64). */
export const MAX_USER_DATA = 16_384;

/**
 * A script that is too long, as one that unpacks it into a file and runs that: text like any other, so the API, the AWS
 * CLI and a runbook take it as it is.
 */
export const fitting = (script: string): string =>
  Buffer.byteLength(script) <= MAX_USER_DATA
    ? script
    : [
        '#!/bin/sh',
        '# Longer than EC2 takes, so it is packed: the lines between the two END, by base64 -d and gzip -dc.',
        'script=$(mktemp)',
        'base64 -d <<END | gzip -dc >"$script"',
        ...(gzipSync(script, { level: 9 })
          .toString('base64')
          .match(/.{1,76}/g) ?? []),
        'END',
        'sh "$script"',
        'code=$?',
        'rm -f "$script"',
        'exit $code',
        '',
      ].join('\n');
