/** Fetches and unpacks Debian's libreswan unless that was done before. Absolute paths, and what to add to their environment. */
export declare const libreswan: () => {
  readonly addconn: string;
  readonly algparse: string;
  readonly env: Readonly<Record<string, string>>;
};
