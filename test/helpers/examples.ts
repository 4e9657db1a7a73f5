/**
 * The `hybridctl …` lines of the ```sh blocks of a Markdown text. A line that ends in a backslash goes on in the next
 * one; a comment behind a line (two blanks and a `#`) is not part of it.
 */
export const shellLines = (markdown: string): readonly string[] =>
  [...markdown.matchAll(/^ *```sh\n(.*?)^ *```/gms)].flatMap(([, block = '']) =>
    block
      .replaceAll(/ \\\n\s*/g, ' ')
      .split('\n')
      .map((line) => line.replace(/\s{2,}#.*$/, '').trim())
      .filter((line) => /^(?:sudo |[A-Z][A-Z0-9_]*=\S+ )*hybridctl /.test(line)),
  );

/** The `hybridctl …` lines in backticks within the tables of a Markdown text. `\|` in a cell stands for a bar. */
export const tableLines = (markdown: string): readonly string[] =>
  markdown
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .flatMap((line) => [...line.matchAll(/`((?:sudo )?hybridctl [^`]+)`/g)].map(([, found = '']) => found))
    .map((line) => line.replaceAll('\\|', '|'));

/** Whether a line only asks for help or for the version, and so reaches no command. */
export const asksForHelp = (line: string): boolean => / --(?:help|version)\b/.test(line);
