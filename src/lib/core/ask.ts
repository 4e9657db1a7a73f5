export interface Choice<T> {
  readonly name: string;
  readonly value: T;
  /** What follows from it, in a few words. */
  readonly description?: string;
}

/** With `back` a person may answer `<`: the call then rejects with {@link goneBack}. */
interface MayGoBack {
  back?: boolean;
}

type Verdict = true | string;

/** Questions to a person. There is no fake "yes": off a terminal, `ask` is undefined in the Ports. */
export interface Ask {
  input(
    question: string,
    options?: { default?: string; validate?: (answer: string) => Verdict | Promise<Verdict> } & MayGoBack,
  ): Promise<string>;
  select<T>(question: string, choices: readonly Choice<T>[], options?: { default?: T } & MayGoBack): Promise<T>;
  confirm(question: string, options?: { default?: boolean } & MayGoBack): Promise<boolean>;
  password(question: string, options?: { validate?: (answer: string) => true | string }): Promise<string>;
}

/** What a person types to go to the question before. A plain character: it works at every terminal. */
export const BACK = '<';

const BACK_ERROR = 'BackPromptError';
export const goneBack = (): Error => Object.assign(new Error('back to the question before'), { name: BACK_ERROR });
export const isBack = (error: unknown): boolean => error instanceof Error && error.name === BACK_ERROR;
