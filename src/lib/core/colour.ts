type Env = Readonly<Record<string, string | undefined>>;

/** Whether the cursor may be moved and lines written over. */
export const canDraw = (isTerminal: boolean, env: Env): boolean => isTerminal && env['TERM'] !== 'dumb';

/**
 * NO_COLOR (any text) beats CLICOLOR_FORCE (any text but 0), which beats what stdout is. Sources: no-color.org,
 * bixense.com/clicolors.
 */
export const wantsColour = (isTerminal: boolean, env: Env): boolean => {
  if (env['NO_COLOR']) return false;
  const forced = env['CLICOLOR_FORCE'];
  return (forced !== undefined && forced !== '' && forced !== '0') || canDraw(isTerminal, env);
};
