/** A service's client and the commands of it that hybridctl ever sends: what is not listed is not in the bundle. */
export interface Operations {
  readonly client: (config: object) => { send(command: never, options: object): Promise<unknown> };
  /** Servers that speak this service's protocol need not number their answers, as AWS does. */
  readonly unnumbered?: boolean;
  readonly commands: Readonly<Record<string, (new (input: never) => unknown) | undefined>>;
}
