import { usageError } from '../core/errors.ts';

/** A file's permissions as chmod(1) and people write them: `0600`. @param mode of stat(2); the kind of file is left out */
export const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0');

/** Whether somebody beside the owner may read, write or enter it. */
export const isOpenToOthers = (mode: number): boolean => (mode & 0o077) !== 0;

export interface SecretFile {
  readonly path: string;
  /** Of stat(2). */
  readonly mode: number;
  /** The field or flag that names it. */
  readonly field: string;
  /** The path as the user wrote it. */
  readonly written?: string;
}

/** @throws usage where others than its owner may read a file that holds a secret: it must be taken as known. */
export const refuseOpenFile = ({ path, mode, field, written = path }: SecretFile): void => {
  if (isOpenToOthers(mode))
    throw usageError(`${written} can be read by others (mode ${octal(mode)})`, { field, next: `chmod 600 ${path}` });
};
