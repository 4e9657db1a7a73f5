/** Templates travel as text inside the bundle, so a run never looks for files of its own. */
declare module '*?raw' {
  const text: string;
  export default text;
}
