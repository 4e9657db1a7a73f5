/**
 * Plain files, as programs use them. A write is over when its close has returned: what is written so is acknowledged.
 */
export interface FileLoad {
  /** Makes the file and its folder, `size` bytes long, with fsync before the close. */
  write(path: string, size: number): Promise<void>;
  /** Reads it whole. @returns its size, bytes */
  read(path: string): Promise<number>;
  /** Asks for its attributes. */
  stat(path: string): Promise<void>;
  /** A file, or a folder with all that is in it. No error where there is nothing. */
  remove(path: string): Promise<void>;
}
