import { isWordByte } from './char-set.ts';
import type { Place } from './pattern-node.ts';
import type { Program, Step, Tried } from './program.ts';

/**
 * Walks programs over texts, trying every step at most once at each place of a text (as RE2's bit-state search does),
 * so that the time grows with steps times bytes and never exponentially. That fits since only yes or no is asked and
 * nothing refers back.
 * @param spend told of every try.
 */
export const walkerOf = (spend: () => void): ((program: Program, bytes: string) => boolean) => {
  let runs = 0;
  const run = ({ steps }: Program, bytes: string, from: number, tried: Tried): boolean => {
    const wide = bytes.length + 1;
    const mine = (runs += 1);
    if (tried.cells.length < steps.length * wide) tried.cells = new Uint32Array(steps.length * wide);
    const { cells } = tried;
    const stack: number[] = [0, from];
    while (stack.length > 0) {
      let place = stack.pop()!;
      let pc = stack.pop()!;
      for (;;) {
        const cell = pc * wide + place;
        if (cells[cell] === mine) break;
        cells[cell] = mine;
        spend();
        const step = steps[pc]!;
        if (step.op === 'done') return true;
        if (step.op === 'fork') {
          stack.push(step.b, place);
          pc = step.a;
          continue;
        }
        if (step.op === 'byte') {
          if (place === bytes.length || step.set[bytes.charCodeAt(place)] === 0) break;
          place += 1;
        } else if (step.op === 'at') {
          if (!holds(step.at, bytes, place)) break;
        } else if (looks(step, bytes, place) === step.negative) break;
        pc += 1;
      }
    }
    return false;
  };

  const looks = ({ program, tried, back }: Extract<Step, { op: 'look' }>, bytes: string, place: number): boolean =>
    (back === undefined || back <= place) && run(program, bytes, place - (back ?? 0), tried);

  const shared: Tried = { cells: new Uint32Array() };
  return (program, bytes) => run(program, bytes, 0, shared);
};

const holds = (at: Place, bytes: string, place: number): boolean => {
  switch (at) {
    case 'start':
      return place === 0;
    case 'end':
      return place === bytes.length;
    case 'text-end':
      return place === bytes.length || (place === bytes.length - 1 && bytes[place] === '\n');
    case 'line-start':
      return place === 0 || bytes[place - 1] === '\n';
    case 'line-end':
      return place === bytes.length || bytes[place] === '\n';
    case 'boundary':
    case 'inside': {
      // Python 2 has neither in an empty text.
      if (bytes.length === 0) return false;
      const before = place > 0 && isWordByte(bytes.charCodeAt(place - 1));
      const after = place < bytes.length && isWordByte(bytes.charCodeAt(place));
      return (before !== after) === (at === 'boundary');
    }
  }
};
