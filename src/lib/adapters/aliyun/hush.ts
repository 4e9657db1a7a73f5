/**
 * ali-oss's HTTP client tells the console of calls that were cut off ("callback twice"): after Ctrl-C that is no news
 * to anybody.
 */
export const hush = (): void => {
  const { warn } = console;
  console.warn = (...words: unknown[]) => void (String(words[0]).startsWith('[urllib:warn]') || warn(...words));
};
