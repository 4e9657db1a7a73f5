import type { ApiError } from '../error.ts';

/** What topics and queues have in common: messages that wait, and a policy. */
export interface Message {
  readonly at: number;
  readonly body: string;
  readonly subject?: string | undefined;
}

/** As many as a test can send. */
const MOST_MESSAGES = 5_000;
export const withMessage = <T extends { readonly messages: readonly Message[] }>(item: T, message: Message): T => ({
  ...item,
  messages: [...item.messages, message].slice(-MOST_MESSAGES),
});

/** @throws ApiError where the text is no policy. */
export const policyText = (text: string, refuse: (message: string) => ApiError): string => {
  try {
    const { Statement } = JSON.parse(text) as { Statement?: unknown };
    if (Statement !== undefined) return text;
  } catch {
    // said below
  }
  throw refuse('Invalid parameter: Policy Error: null');
};
