/** What the kernel and fstab say of mounts. Sources: proc_pid_mountinfo(5), fstab(5), systemd-escape(1). */

export interface Mounted {
  /** The mount's number and device: another one after each mounting. */
  readonly identity: string;
  readonly directory: string;
  readonly type: string;
  readonly source: string;
}

/** Blanks, tabs, newlines and backslashes are written as three octal digits. */
const unescaped = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** In their order: of several at one directory the last is on top. */
export const parseMountinfo = (text: string): readonly Mounted[] =>
  text.split('\n').flatMap((line) => {
    const [left = '', right = ''] = line.split(' - ');
    const [id, , device, , directory] = left.split(' ');
    const [type, source] = right.split(' ');
    return directory === undefined || type === undefined || source === undefined
      ? []
      : [{ identity: `${id} ${device}`, directory: unescaped(directory), type, source: unescaped(source) }];
  });

export const mountAt = (mounts: readonly Mounted[], directory: string): Mounted | undefined =>
  mounts.findLast((mount) => mount.directory === directory);

/** Which engine a mount is of; undefined: none that mounts buckets. */
export const engineOf = ({
  type,
  source,
}: Pick<Mounted, 'type' | 'source'>): 's3fs' | 'mountpoint-s3' | 'rclone' | undefined => {
  if (type === 'fuse.s3fs') return 's3fs';
  if (source === 'mountpoint-s3' || type === 'fuse.mountpoint-s3') return 'mountpoint-s3';
  return type === 'fuse.rclone' ? 'rclone' : undefined;
};

/** The fstab line of a directory, as it is written. */
export const fstabLineAt = (fstab: string, directory: string): string | undefined =>
  fstab
    .split('\n')
    .find(
      (line) =>
        !/^\s*(#|$)/.test(line) && unescaped(line.trim().split(/\s+/)[1] ?? '').replace(/(?<=.)\/$/, '') === directory,
    );

/**
 * fstab with a line in place of the directory's own, or at its end; undefined: without it. Everything else stays as it
 * is.
 */
export const withFstabLine = (fstab: string, directory: string, line: string | undefined): string => {
  const before = fstabLineAt(fstab, directory);
  if (before !== undefined)
    return fstab
      .split('\n')
      .flatMap((one) => (one !== before ? [one] : line === undefined ? [] : [line]))
      .join('\n');
  if (line === undefined) return fstab;
  return `${fstab === '' || fstab.endsWith('\n') ? fstab : `${fstab}\n`}${line}\n`;
};

/** `/mnt/big-data` is the unit `mnt-big\x2ddata.mount`. */
export const mountUnitName = (directory: string): string => {
  const inner = directory.replace(/^\/+|\/+$/g, '');
  const escaped = [...inner].map((char, index) =>
    char === '/'
      ? '-'
      : /[A-Za-z0-9:_]/.test(char) || (char === '.' && index > 0)
        ? char
        : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `${escaped.join('')}.mount`;
};
