import { failure } from '../core/errors.ts';
import type { Ask, Ports } from '../core/ports.ts';
import { draftSite, type Answers } from './answers.ts';
import { readDocument, sentenceOf } from './document.ts';
import { absolute } from './file.ts';
import { conduct, type Entry } from './journal.ts';
import { offersOf } from './offers.ts';
import { summaryOf } from './summary.ts';
import { askForRest } from './wizard.ts';
import { newSiteText } from './write.ts';

type InterviewPorts = Pick<Ports, 'files' | 'cwd' | 'shell' | 'clock' | 'env' | 'aws' | 'progress'>;

/** What the answers are wrong in, as `config validate` says it. A gateway's address that is to be made has a stand-in. */
const faultsIn = (answers: Answers, env: Ports['env']): readonly string[] => {
  const gateways = answers.gateways.map((spec, index) => ({ public_ip: `203.0.113.${100 + index}`, ...spec }));
  return readDocument(newSiteText(draftSite({ ...answers, gateways })), env).mistakes.map(sentenceOf);
};

interface Draft {
  readonly version: 1;
  /** When it was kept: ISO 8601, UTC. */
  readonly kept: string;
  readonly entries: readonly Entry[];
}

const draftIn = (text: string | undefined): Draft | undefined => {
  try {
    const draft = JSON.parse(text ?? '') as Draft;
    const whole = draft.version === 1 && draft.entries.every(({ question }) => typeof question === 'string');
    return whole && draft.entries.length > 0 ? draft : undefined;
  } catch {
    return undefined; // What is damaged is worth no question.
  }
};

/** After the summary. No answer of the site: a draft goes on before it. */
const RIGHT = 'Is this right?';

export interface Interview {
  readonly answers: Answers;
  /** Keeps what was answered, for the next start: the wizard asks for nothing secret. */
  keep(): Promise<void>;
  /** The site is written: a draft that is there goes. */
  done(): Promise<void>;
}

/**
 * The wizard from its beginning to the summary, with the draft of a run that was broken off. Writes nothing but that
 * draft. @throws what the questions throw, and a failure where the summary gets a "no".
 */
export const interview = async (
  ports: InterviewPorts & { readonly ask: Ask },
  file: string,
  given: Answers,
  how: { readonly managed: boolean; readonly made: boolean; readonly dryRun: boolean },
): Promise<Interview> => {
  const { ask, env, progress: say } = ports;
  const path = `${absolute(ports.cwd, file)}.draft`;
  const entries: Entry[] = [];
  const before = draftIn(await ports.files.read(path).catch(() => undefined));
  const keep = async (): Promise<void> => {
    const answered = entries.filter(({ question }) => question !== RIGHT);
    if (how.dryRun || answered.length === 0) return;
    const draft: Draft = { version: 1, kept: new Date(ports.clock.now()).toISOString(), entries: answered };
    await ports.files.write([{ path, content: `${JSON.stringify(draft, undefined, 2)}\n`, mode: 0o600 }]);
    say(`your answers are kept in ${file}.draft: the next "vpn init" goes on from there`);
  };
  const done = async (): Promise<void> => {
    if (before !== undefined && !how.dryRun) await ports.shell.run('rm', ['-f', '--', path]);
  };
  if (before !== undefined) {
    const count = `${before.entries.length} ${before.entries.length === 1 ? 'answer' : 'answers'}`;
    if (
      await ask.confirm(`Go on with the ${count} of ${before.kept.slice(0, 16).replace('T', ' ')} UTC?`, {
        default: true,
      })
    )
      entries.push(...before.entries);
  }
  const account = offersOf(ports);
  try {
    const answers = await conduct(
      ask,
      entries,
      async (questions) => {
        const all = await askForRest(questions, given, {
          ...how,
          env,
          offers: async (region) => (questions.trial ? account.known(region) : account.ask(region)),
        });
        if (questions.trial) return all;
        const faults = faultsIn(all, env);
        for (const line of summaryOf(draftSite(all))) say(line);
        for (const fault of faults) say(`mistake: ${fault}`);
        if (!(await questions.confirm(RIGHT, { default: faults.length === 0 })))
          throw failure('cancelled; nothing was changed');
        return all;
      },
      { faults: (all) => faultsIn(all, env), say },
    );
    return { answers, keep, done };
  } catch (error) {
    await keep();
    throw error;
  }
};
