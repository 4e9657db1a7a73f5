import inquirer from 'inquirer';
import { BACK, goneBack } from '../core/ask.ts';
import type { Ask } from '../core/ports.ts';
import { plainAsk, yesOrNo } from './ask-plain.ts';

/** inquirer behind our port. Questions go to stderr: stdout is the result's alone, also when it is piped away. */
const one = async <T>(question: Record<string, unknown>): Promise<T> => {
  const prompt = inquirer.createPromptModule({ input: process.stdin, output: process.stderr });
  const { answer } = await prompt([{ ...question, name: 'answer' } as never]);
  return answer as T;
};

const hint = (message: string, back: boolean | undefined): string =>
  back === true ? `${message} (< goes back)` : message;

const drawn: Ask = {
  async input(message, { back, validate, ...options } = {}) {
    const answer = await one<string>({
      type: 'input',
      message: hint(message, back),
      ...options,
      validate: (text: string) => (back === true && text.trim() === BACK) || (validate?.(text) ?? true),
    });
    if (back === true && answer.trim() === BACK) throw goneBack();
    return answer;
  },
  async select(message, choices, { back, ...options } = {}) {
    const all = choices.map((choice) => ({ ...choice }));
    const offered = back === true ? [...all, { name: '< back', value: BACK, description: 'the question before' }] : all;
    const answer = await one<(typeof choices)[number]['value'] | typeof BACK>({
      type: 'select',
      message,
      choices: offered,
      ...options,
    });
    if (back === true && answer === BACK) throw goneBack();
    return answer as (typeof choices)[number]['value'];
  },
  async confirm(message, { back, ...options } = {}) {
    if (back !== true) return one<boolean>({ type: 'confirm', message, default: false, ...options });
    const fallback = options.default ?? false;
    const answer = await one<string>({
      type: 'input',
      message: `${message} (${fallback ? 'Y/n' : 'y/N'}, < goes back)`,
      validate: (text: string) => text.trim() === BACK || (yesOrNo(text, fallback) === undefined ? 'y or n' : true),
    });
    if (answer.trim() === BACK) throw goneBack();
    return yesOrNo(answer, fallback)!;
  },
  password: (message, options = {}) => one<string>({ type: 'password', mask: '*', message, ...options }),
};

/** At a terminal that can't move its cursor (TERM=dumb) questions are plain lines. */
export const ask: Ask = process.env['TERM'] === 'dumb' ? plainAsk : drawn;
