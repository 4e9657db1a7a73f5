import { failure } from '../../core/errors.ts';
import type { ReadResult, Step, WriteCall } from '../../core/procedure.ts';
import { ENDPOINT_FILES, mendEndpoint } from '../../domain/collectd/config.ts';
import { MARK, run, script } from './daemon.ts';

/** The folder of the field document. */
export const PLUGINS = '/opt/collectd-plugins';
export const PLUGIN_CONFIG = `${PLUGINS}/cloudwatch/config`;
export const BLOCKED = `${PLUGIN_CONFIG}/blocked_metrics`;
/** What collectd imports: where it is, the plugin is. */
export const WRITER = `${PLUGINS}/cloudwatch_writer.py`;
const SUM = `${PLUGINS}/.hybridctl-sha256`;

/** A package of the plugin: where the host fetches it, or the file itself in base64. */
export interface PluginPackage {
  readonly sha256: string;
  readonly url: string | undefined;
  readonly base64: string | undefined;
}

/**
 * Fetches, compares, unpacks beside, lets collectd's own interpreter import it, and moves it into place. What is
 * configured stays. $1 SHA-256, $2 URL or -, $3 folder.
 */
const INSTALL = `
set -eu; umask 022; sum=$1; url=$2; to=$3
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
say() { echo "$1" >&2; exit 1; }
if [ "$url" = - ]; then base64 -d > "$work/a"; else curl -fsSL --proto '=https' --max-time 300 -o "$work/a" "$url"; fi
echo "$sum  $work/a" | sha256sum -c --status || say "the SHA-256 of the package is not the given one"
mkdir "$work/x"; tar -xzf "$work/a" -C "$work/x" --no-same-owner
main=$(find "$work/x" -name cloudwatch_writer.py -type f | head -n 1)
[ -n "$main" ] || say "no cloudwatch_writer.py in the package"
top=$(dirname "$main"); [ -d "$top/cloudwatch" ] || say "no folder cloudwatch in the package"
[ ! -d "$to/cloudwatch/config" ] || { mkdir -p "$top/cloudwatch/config"; cp -a "$to/cloudwatch/config/." "$top/cloudwatch/config/"; }
cat > "$work/c" <<END
BaseDir "$work"
PIDFile "$work/pid"
<LoadPlugin python>
  Globals true
</LoadPlugin>
<Plugin python>
  ModulePath "$top"
  LogTraces true
  Interactive false
  Import "cloudwatch_writer"
</Plugin>
END
said=$(collectd -T -C "$work/c" 2>&1 || :)
case $said in *"Error importing module"*) say "collectd can't import it: $(echo "$said" | grep -m 1 "exception in importing" | sed -E "s/^.*: ([A-Za-z]*Error)/\\1/")";; esac
mkdir -p "$to/.new"; rm -rf "$to/.new/"*; cp -a "$top/cloudwatch" "$top/cloudwatch_writer.py" "$to/.new/"
rm -rf "$to/.old"; [ ! -d "$to/cloudwatch" ] || mv "$to/cloudwatch" "$to/.old"
mv "$to/.new/cloudwatch" "$to/.new/cloudwatch_writer.py" "$to/"; rm -rf "$to/.old" "$to/.new"
printf '%s\\n' "$sum" > "$to/.hybridctl-sha256"`;

export const LACKS_PACKAGE = {
  field: '--package',
  next: 'give the archive of awslabs/collectd-cloudwatch as a file or an https address, and its --sha256',
};

/**
 * The Python plugin, by the checksum of the package it came from. One that somebody else put there is used as it is.
 */
export const pluginStep = (given: PluginPackage | undefined): Step => {
  const install = () => {
    if (given === undefined) throw failure('the plugin is not there, and no package was given', LACKS_PACKAGE);
    return [
      {
        ...script('the plugin', INSTALL, given.sha256, given.url ?? '-', PLUGINS),
        ...(given.base64 === undefined ? {} : { input: given.base64 }),
      },
    ];
  };
  return {
    key: 'plugin',
    title: `CloudWatch plugin in ${PLUGINS}`,
    async read({ files }): Promise<ReadResult> {
      const [writer, sum] = await Promise.all([files.stat(WRITER), files.read(SUM)]);
      if (writer === undefined) return { state: 'absent' };
      const mark = sum?.trim();
      const found = { id: PLUGINS, owned: mark !== undefined };
      return given === undefined || mark === given.sha256
        ? { state: 'ready', found }
        : {
            state: 'differs',
            found,
            differences: [{ field: 'package', is: mark === undefined ? 'unknown' : 'another one' }],
          };
    },
    create: install,
    update: install,
    delete: () => [run('rm', '-rf', '--', `${PLUGINS}/cloudwatch`, WRITER, SUM)],
    timeoutMs: 10_000,
  };
};

/** The field document's fix for China, which the plugin has had itself since 2018. */
export const endpointStep = (): Step => {
  let changed: readonly WriteCall[] = [];
  return {
    key: 'endpoint',
    title: "the plugin's endpoint in China",
    needs: ['plugin'],
    async read({ files }): Promise<ReadResult> {
      const changes: WriteCall[] = [];
      const seen = await Promise.all(
        ENDPOINT_FILES.map((name) => `${PLUGINS}/${name}`).map(async (path) => ({
          path,
          read: await Promise.all([files.read(path), files.stat(path)]),
        })),
      );
      for (const {
        path,
        read: [text, stat],
      } of seen) {
        const better = text === undefined ? undefined : mendEndpoint(text);
        if (better === undefined)
          throw failure(`${path} builds no endpoint that could be corrected`, {
            next: 'use a package of awslabs/collectd-cloudwatch, or --plugin agent',
          });
        if (better !== text)
          changes.push({ kind: 'write', secret: false, file: { path, content: better, mode: stat?.mode ?? 0o644 } });
      }
      changed = changes;
      const found = { id: 'amazonaws.com.cn', owned: true };
      return changes.length === 0
        ? { state: 'ready', found }
        : {
            state: 'differs',
            found,
            differences: changes.map(({ file }) => ({ field: `endpoint in ${file.path}`, is: '.amazonaws.com' })),
          };
    },
    create: () => [],
    update: () => changed,
  };
};

/**
 * The plugin empties blocked_metrics once its whitelist is compiled, and at no other time: so a new one says that it
 * started well.
 */
export const startedStep = (): Step => ({
  key: 'started',
  title: "the plugin's start",
  needs: ['collectd'],
  async read({ shell }): Promise<ReadResult> {
    const { stdout } = await shell.run('find', [BLOCKED, '-maxdepth', '0', '-newer', MARK]);
    return stdout.trim() !== ''
      ? { state: 'ready', found: { id: BLOCKED, owned: false } }
      : { state: 'pending', why: `it wrote no ${BLOCKED} since collectd started: see collectd's log` };
  },
  create: () => [],
  timeoutMs: 20_000,
});
