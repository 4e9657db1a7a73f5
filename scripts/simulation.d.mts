export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly put: string;
}
export declare const bundleSimulation: (edits?: readonly Edit[]) => Promise<string>;
