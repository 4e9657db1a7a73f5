import { BACK, goneBack } from '../../src/lib/core/ask.ts';
import type { Ask } from '../../src/lib/core/ports.ts';

export type Answer = string | boolean;
/** By a part of the question. A list answers one attempt after another: the first may be refused by `validate`. */
export type Answers = Readonly<Record<string, Answer | readonly Answer[]>>;

export interface FakeAsk extends Ask {
  /** Questions in the order they were asked. */
  readonly asked: readonly string[];
  /** What `validate` said to refused answers. */
  readonly refused: readonly string[];
}

/** A person with a script. A question the script does not know takes its default; without one the test fails. */
export const fakeAsk = (answers: Answers): FakeAsk => {
  const asked: string[] = [];
  const refused: string[] = [];
  const backs = new Map<string, number>();
  const attempts = (question: string, fallback: Answer | undefined): readonly Answer[] => {
    asked.push(question);
    const key = Object.keys(answers).find((part) => question.toLowerCase().includes(part.toLowerCase()));
    const given = key === undefined ? fallback : answers[key];
    if (given === undefined) throw new Error(`the test has no answer to: ${question}`);
    const all = Array.isArray(given) ? (given as readonly Answer[]) : [given as Answer];
    // What stands behind a `<` answers the question when it comes again.
    const before = backs.get(question) ?? 0;
    const rest = all.slice(before);
    if (rest[0] !== BACK) return rest.length > 0 ? rest : all.slice(-1);
    backs.set(question, before + 1);
    throw goneBack();
  };
  const text = async (
    question: string,
    options: { default?: string; validate?: (answer: string) => true | string | Promise<true | string> } = {},
  ): Promise<string> => {
    for (const attempt of attempts(question, options.default)) {
      const verdict = (await options.validate?.(String(attempt))) ?? true;
      if (verdict === true) return String(attempt);
      refused.push(verdict);
    }
    throw new Error(`every answer to "${question}" was refused: ${refused.at(-1)}`);
  };
  return {
    asked,
    refused,
    input: text,
    password: text,
    async confirm(question, options = {}) {
      return attempts(question, options.default ?? false)[0] === true;
    },
    async select(question, choices, options = {}) {
      const wanted = attempts(question, choices.find(({ value }) => value === options.default)?.name)[0];
      const chosen = choices.find(({ name, value }) => name === wanted || value === wanted);
      if (chosen === undefined)
        throw new Error(`"${question}" offers ${choices.map(({ name }) => name).join(', ')}, not ${wanted}`);
      return chosen.value;
    },
  };
};
