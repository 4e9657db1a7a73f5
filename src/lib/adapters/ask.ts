import inquirer from 'inquirer';
import type { Ask } from '../core/ports.ts';

/** inquirer behind our port. Questions go to stderr: stdout is the result's alone, also when it is piped away. */
const one = async <T>(question: Record<string, unknown>): Promise<T> => {
  const prompt = inquirer.createPromptModule({ input: process.stdin, output: process.stderr });
  const { answer } = await prompt([{ ...question, name: 'answer' } as never]);
  return answer as T;
};

export const ask: Ask = {
  input: (message, options = {}) => one<string>({ type: 'input', message, ...options }),
  select: (message, choices, options = {}) => one({ type: 'select', message, choices: [...choices], ...options }),
  confirm: (message, options = {}) => one<boolean>({ type: 'confirm', message, default: false, ...options }),
  password: (message, options = {}) => one<string>({ type: 'password', mask: '*', message, ...options }),
};
