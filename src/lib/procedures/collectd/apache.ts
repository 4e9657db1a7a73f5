import type { Call, ReadResult, Step } from '../../core/procedure.ts';
import { renderStatusConf } from '../../render/collectd/index.ts';
import { script } from './daemon.ts';

/** Debian and its kin keep what is available apart from what is on; Red Hat's read a folder. */
const DEBIAN = '/etc/apache2/conf-available/hybridctl-status.conf';
const RED_HAT = '/etc/httpd/conf.d/hybridctl-status.conf';

const ASK =
  'if command -v curl >/dev/null 2>&1; then curl -sf --noproxy "*" -m 5 "$1"; else wget -q -T 5 -O - "$1"; fi | grep -q "^Scoreboard:"';
/** A configuration that Apache does not take is taken away again before it is told. */
const TURN_ON =
  'PATH="$PATH:/usr/sbin:/sbin"; if command -v a2enmod >/dev/null 2>&1; then a2enmod -q status && a2enconf -q hybridctl-status; fi && said=$(apachectl configtest 2>&1) || { a2disconf -q hybridctl-status 2>/dev/null; rm -f "$1"; echo "Apache does not take mod_status: $said" >&2; exit 1; }; exec apachectl graceful';

/**
 * mod_status answers where collectd's apache plugin asks: with the whole scoreboard, and to this host alone.
 * Source: the field document; "mod_status" in Apache's documentation.
 */
export const statusStep = (url: string, debian: boolean): Step => {
  const path = debian ? DEBIAN : RED_HAT;
  const calls = (): readonly Call[] => [
    script(
      'mod_status',
      'PATH="$PATH:/usr/sbin:/sbin"; command -v apachectl >/dev/null 2>&1 || { echo "Apache is not installed: install it first, or omit --apache" >&2; exit 1; }',
    ),
    { kind: 'write', secret: false, file: { path, content: renderStatusConf(new URL(url).pathname), mode: 0o644 } },
    script('mod_status', TURN_ON, path),
  ];
  return {
    key: 'apache',
    title: `mod_status at ${url}`,
    async read({ shell }): Promise<ReadResult> {
      const { exitCode } = await shell.run('sh', ['-c', ASK, 'sh', url], { timeoutMs: 20_000 });
      return exitCode === 0 ? { state: 'ready', found: { id: url, owned: false } } : { state: 'absent' };
    },
    create: calls,
    timeoutMs: 15_000,
  };
};
