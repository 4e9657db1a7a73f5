import { createInterface } from 'node:readline';
import { BACK, goneBack } from '../core/ask.ts';
import type { Ask } from '../core/ports.ts';

/** As inquirer calls it: the command line ends with 130. */
const exitPrompt = (): Error => Object.assign(new Error('the question was not answered'), { name: 'ExitPromptError' });

export const yesOrNo = (text: string, fallback: boolean): boolean | undefined => {
  const word = text.trim().toLowerCase();
  if (word === '') return fallback;
  return /^(y|yes)$/.test(word) ? true : /^(n|no)$/.test(word) ? false : undefined;
};

const say = (text: string): void => void process.stderr.write(text);

/** One line, edited by the terminal itself: Backspace works wherever the terminal has it. */
const line = (question: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = createInterface({ input: process.stdin, terminal: false });
    const stop = (): void => reader.close();
    let answer: string | undefined;
    process.once('SIGINT', stop);
    reader.once('line', (text) => {
      answer = text;
      reader.close();
    });
    reader.once('close', () => {
      process.off('SIGINT', stop);
      process.stdin.pause();
      if (answer !== undefined) return resolve(answer);
      say('\n');
      reject(exitPrompt());
    });
    say(question);
    process.stdin.resume();
  });

/** Nothing of it is shown, so the terminal can't edit it: each key comes here. */
const hidden = (question: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const end = (finish: () => void): void => {
      process.stdin.off('data', take).setRawMode(false).pause();
      say('\n');
      finish();
    };
    const take = (keys: Buffer): void => {
      for (const key of keys.toString()) {
        if (key === '\r' || key === '\n') return end(() => resolve(text));
        if (key === '\u0003' || key === '\u0004') return end(() => reject(exitPrompt()));
        if (key === '\u007f' || key === '\b') text = [...text].slice(0, -1).join('');
        else text += key;
      }
    };
    // First: what is typed at once must not be echoed.
    process.stdin.setRawMode(true).on('data', take).resume();
    say(question);
  });

/** Questions as plain lines, for a terminal that can't move its cursor, for Emacs, and for screen readers. */
export const plainAsk: Ask = {
  async input(message, { default: fallback, validate, back } = {}) {
    const shown = fallback === undefined || fallback === '' ? '' : ` [${fallback}]`;
    for (;;) {
      const text = await line(`${message}${shown}${back === true ? ' (< goes back)' : ''}: `);
      if (back === true && text.trim() === BACK) throw goneBack();
      const answer = text === '' && fallback !== undefined ? fallback : text;
      const verdict = (await validate?.(answer)) ?? true;
      if (verdict === true) return answer;
      say(`  ${verdict}\n`);
    }
  },
  async select(message, choices, { default: fallback, back } = {}) {
    choices.forEach(({ name, description }, index) =>
      say(`  ${index + 1}) ${name}${description === undefined ? '' : `: ${description}`}\n`),
    );
    const preset = choices.findIndex(({ value }) => value === fallback);
    const find = (text: string) =>
      choices.find(({ name }) => name === text.trim()) ??
      (/^\d+$/.test(text.trim()) ? choices[Number(text.trim()) - 1] : undefined);
    const answer = await plainAsk.input(`${message} (number or name)`, {
      default: choices[Math.max(preset, 0)]!.name,
      ...(back === true ? { back } : {}),
      validate: (text) => (find(text) === undefined ? `is none of them: write 1 to ${choices.length}` : true),
    });
    return find(answer)!.value;
  },
  async confirm(message, { default: fallback = false, back } = {}) {
    const answer = await plainAsk.input(`${message} (${fallback ? 'Y/n' : 'y/N'})`, {
      ...(back === true ? { back } : {}),
      validate: (text) => (yesOrNo(text, fallback) === undefined ? 'y or n' : true),
    });
    return yesOrNo(answer, fallback)!;
  },
  async password(message, { validate } = {}) {
    for (;;) {
      const text = await hidden(`${message}: `);
      const verdict = validate?.(text) ?? true;
      if (verdict === true) return text;
      say(`  ${verdict}\n`);
    }
  },
};
