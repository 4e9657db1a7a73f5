import asciichart from 'asciichart';

export interface Chart {
  readonly title: string;
  readonly values: readonly number[];
  readonly label: (value: number) => string;
  /** Lines; 8 where it is not said. */
  readonly height?: number;
}

/** Wide enough for an hour by the minute, and for a terminal of 80 columns. */
const MOST_VALUES = 60;
const LABEL_WIDTH = 14;

/** A line drawn with letters, from zero on, the newest value at the right; empty where there is nothing to draw. */
export const chart = ({ title, values, label, height = 8 }: Chart): string => {
  const shown = values.slice(-MOST_VALUES);
  if (shown.length < 2) return '';
  const drawn = asciichart.plot(shown, {
    height: height - 1,
    min: 0,
    max: Math.max(1, ...shown),
    format: (value) => label(Math.max(0, value)).padStart(LABEL_WIDTH),
  });
  return `${title}\n${drawn
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}`;
};
