/** What we use of asciichart, which brings no types. */
declare module 'asciichart' {
  export function plot(
    series: readonly number[],
    options?: {
      readonly height?: number;
      readonly min?: number;
      readonly max?: number;
      readonly format?: (value: number, row: number) => string;
    },
  ): string;
}
