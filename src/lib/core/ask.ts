export interface Choice<T> {
  readonly name: string;
  readonly value: T;
  readonly description?: string;
}

/** Questions to a person. There is no fake "yes": off a terminal, `ask` is undefined in the Ports. */
export interface Ask {
  input(
    question: string,
    options?: { default?: string; validate?: (answer: string) => true | string },
  ): Promise<string>;
  select<T>(question: string, choices: readonly Choice<T>[], options?: { default?: T }): Promise<T>;
  confirm(question: string, options?: { default?: boolean }): Promise<boolean>;
  password(question: string, options?: { validate?: (answer: string) => true | string }): Promise<string>;
}
