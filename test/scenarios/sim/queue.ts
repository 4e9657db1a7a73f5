/** What is to happen, by virtual time (ms); what is due at one instant happens in the order it was asked for. */
export interface Queue {
  now(): number;
  after(ms: number, run: () => void): void;
  /** Runs everything up to `until`. */
  run(until: number): void;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

const before = (a: Due, b: Due) => a.at < b.at || (a.at === b.at && a.order < b.order);

export const createQueue = (): Queue => {
  const heap: Due[] = [];
  let now = 0;
  let order = 0;

  const push = (due: Due): void => {
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(heap[at]!, heap[parent]!)) break;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  };
  const pop = (): Due => {
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    heap[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const child = left + 1 < heap.length && before(heap[left + 1]!, heap[left]!) ? left + 1 : left;
      if (!before(heap[child]!, heap[at]!)) break;
      [heap[at], heap[child]] = [heap[child]!, heap[at]!];
      at = child;
    }
    return top;
  };

  return {
    now: () => now,
    after: (ms, run) => push({ at: now + Math.max(0, ms), order: (order += 1), run }),
    run: (until) => {
      while (heap.length > 0 && heap[0]!.at <= until) {
        const due = pop();
        now = due.at;
        due.run();
      }
      now = until;
    },
  };
};
