/** `47s`, `12m`, `3h05m`, `2d04h`: two units at most, for a table's column. @param seconds not negative. */
export const duration = (seconds: number): string => {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h${two((seconds % 3_600) / 60)}m`;
  return `${Math.floor(seconds / 86_400)}d${two((seconds % 86_400) / 3_600)}h`;
};

/** `812 B`, `1.4 kB`, `3.2 GB`: powers of 1000, as interface counters are read. @param count bytes. */
export const bytes = (count: number): string => {
  const step = count < 1_000 ? 0 : Math.min(5, Math.floor(Math.log10(count) / 3));
  return step === 0 ? `${count} B` : `${(count / 1_000 ** step).toFixed(1)} ${['', 'k', 'M', 'G', 'T', 'P'][step]}B`;
};
