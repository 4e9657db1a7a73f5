import { isBack } from '../core/ask.ts';
import type { Ask, Choice } from '../core/ports.ts';

/** One answer, as a person gave it. What it is for follows from the question. */
export interface Entry {
  readonly question: string;
  readonly answer: unknown;
}

export type Verdict = true | string;

/**
 * The questions of an interview. An interview is a function of its answers alone, so it can be run again with those
 * that are there: that is how it goes back, goes on from a draft, and tries an answer before it is taken.
 */
export interface Questions {
  /** Nobody is asked: the answers are tried. */
  readonly trial: boolean;
  /** @param sample an answer that fits, for a trial of the answers before it. */
  input(
    question: string,
    options: { readonly rule: (answer: string) => Verdict; readonly default?: string; readonly sample?: string },
  ): Promise<string>;
  select<T>(question: string, choices: readonly Choice<T>[], options?: { readonly default?: T }): Promise<T>;
  confirm(question: string, options?: { readonly default?: boolean }): Promise<boolean>;
}

type Interview<T> = (questions: Questions) => Promise<T>;

/** The interview with the answers that are there, and samples for the rest. Asks nobody. */
const trial = <T>(interview: Interview<T>, entries: readonly Entry[]): Promise<T> => {
  let at = 0;
  const next = (question: string, sample: unknown): never => {
    const known = entries[at];
    at += 1;
    return (known?.question === question ? known.answer : sample) as never;
  };
  return interview({
    trial: true,
    input: async (question, { default: fallback, sample }) => next(question, sample ?? fallback ?? ''),
    select: async (question, choices, options = {}) => next(question, options.default ?? choices[0]!.value),
    confirm: async (question) => next(question, false),
  });
};

/**
 * Asks what `entries` does not answer yet, and puts the answers there. `<` takes the last one out and asks it again.
 * @param faults what is wrong with a result; an answer that brings a fault with it is refused at once.
 * @param say a line to the person, for a choice that is refused.
 */
export const conduct = async <T>(
  ask: Ask,
  entries: Entry[],
  interview: Interview<T>,
  { faults, say }: { readonly faults: (result: T) => readonly string[]; readonly say: (line: string) => void },
): Promise<T> => {
  /** What was said before somebody went back: offered again. */
  const before = new Map<string, unknown>();

  for (;;) {
    let at = 0;
    const judged = async (question: string, answer: unknown): Promise<Verdict> => {
      const until = entries.slice(0, at);
      const old = faults(await trial(interview, until));
      const now = faults(await trial(interview, [...until, { question, answer }]));
      return now.find((fault) => !old.includes(fault)) ?? true;
    };
    const answered = async <A>(question: string, put: (back: boolean) => Promise<A>): Promise<A> => {
      const known = entries[at];
      if (known?.question === question) {
        at += 1;
        return known.answer as A;
      }
      // Other questions follow than those that were answered.
      entries.length = at;
      const answer = await put(at > 0);
      entries.push({ question, answer });
      at += 1;
      return answer;
    };
    const refusing = async <A>(question: string, put: () => Promise<A>): Promise<A> => {
      for (;;) {
        const answer = await put();
        const verdict = await judged(question, answer);
        if (verdict === true) return answer;
        say(verdict);
      }
    };
    try {
      return await interview({
        trial: false,
        input: (question, { rule, default: fallback }) =>
          answered(question, (back) => {
            const preset = (before.get(question) as string | undefined) ?? fallback;
            return ask.input(question, {
              ...(preset === undefined ? {} : { default: preset }),
              back,
              validate: async (answer) => {
                const verdict = rule(answer);
                return verdict === true ? judged(question, answer) : verdict;
              },
            });
          }),
        select: (question, choices, options = {}) =>
          answered(question, (back) =>
            refusing(question, () => {
              const preset = before.get(question) ?? options.default;
              const there = choices.find(({ value }) => JSON.stringify(value) === JSON.stringify(preset));
              return ask.select(question, choices, { ...(there === undefined ? {} : { default: there.value }), back });
            }),
          ),
        confirm: (question, options = {}) =>
          answered(question, (back) => {
            const preset = (before.get(question) as boolean | undefined) ?? options.default;
            return ask.confirm(question, { ...(preset === undefined ? {} : { default: preset }), back });
          }),
      });
    } catch (error) {
      if (!isBack(error)) throw error;
      const last = entries.pop();
      if (last !== undefined) before.set(last.question, last.answer);
    }
  }
};
