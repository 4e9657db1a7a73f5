import { pathText } from '../domain/issue.ts';
import { cryptoWarnings } from '../domain/crypto.ts';
import { checkSecrets } from '../site/file.ts';
import type { CheckResult, SiteCheck } from './types.ts';

const keys: SiteCheck = {
  id: 'keys',
  side: 'site',
  about:
    'the site file has no mistake, its inside networks are none that AWS reserves, and its keys are there, private and strong',
  async run({ loaded, files }) {
    const { mistakes, warnings } = await checkSecrets({ files, cwd: '/' }, loaded);
    const result =
      (level: 'error' | 'warning') =>
      ({ path, message }: { path: readonly (string | number)[]; message: string }): CheckResult => {
        const [found = message, next] = message.split(/: (.*)/s);
        return { level, subject: pathText(path), found, evidence: loaded.path, next: next ?? 'fix the key file' };
      };
    return [...mistakes.map(result('error')), ...warnings.map(result('warning'))];
  },
};

const crypto: SiteCheck = {
  id: 'crypto',
  side: 'site',
  about: 'no tunnel relies on algorithms that are history',
  run: async ({ tunnels }) =>
    tunnels.flatMap(({ name, suite }) =>
      cryptoWarnings(suite).map(
        (found): CheckResult => ({
          level: 'warning',
          subject: name,
          found,
          evidence: `crypto level ${suite.level}`,
          next: 'use the level modern as soon as both ends can',
        }),
      ),
    ),
};

export const siteChecks: readonly SiteCheck[] = [keys, crypto];
