import type { Tone } from '../picture.ts';

export const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Shapes, so that no state is told by its colour alone. 16 units square. */
const SHAPES: Readonly<Record<Tone, string>> = {
  good: '<circle class="fill" cx="8" cy="8" r="7"/><path class="sign" d="M4.6 8.3 7 10.7l4.6-5.2"/>',
  warn: '<path class="fill" d="M8 1.2 15.2 14H.8z"/><path class="sign" d="M8 6v3.6M8 11.6v.4"/>',
  bad: '<path class="fill" d="M4.9.8h6.2l4.1 4.1v6.2l-4.1 4.1H4.9L.8 11.1V4.9z"/><path class="sign" d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2"/>',
  unknown:
    '<circle class="ring" cx="8" cy="8" r="6.4"/><path class="mark" d="M5.9 6.4a2.1 2.1 0 1 1 3 1.9c-.6.3-.9.7-.9 1.4M8 11.6v.3"/>',
};

/** @param at corner inside another picture; absent: a picture of its own */
export const icon = (tone: Tone, at?: { readonly x: number; readonly y: number; readonly size: number }): string =>
  `<svg class="icon ${tone}" viewBox="0 0 16 16" aria-hidden="true"${at === undefined ? '' : ` x="${at.x}" y="${at.y}" width="${at.size}" height="${at.size}"`}>${SHAPES[tone]}</svg>`;

/** A place for a figure that changes often: sent as text by its name, while what stands around it stays. */
export const figure = (name: string, tag: 'span' | 'tspan' = 'span'): string =>
  `<${tag} data-figure="${escaped(name)}"></${tag}>`;

export interface Column {
  readonly title: string;
  readonly numeric?: boolean;
}

/**
 * A table with a caption for readers of the screen; the first cell of a row heads it. On a phone each row is a card,
 * with the titles beside the values: roles are written out, since browsers forget them where a table is laid out as
 * blocks.
 * @param rows cells as markup
 */
export const table = (caption: string, columns: readonly Column[], rows: readonly (readonly string[])[]): string =>
  `<table role="table"><caption class="unseen">${escaped(caption)}</caption><thead role="rowgroup"><tr role="row">${columns
    .map(
      ({ title, numeric }) =>
        `<th role="columnheader" scope="col"${numeric ? ' class="number"' : ''}>${escaped(title)}</th>`,
    )
    .join('')}</tr></thead><tbody role="rowgroup">${rows
    .map(
      (cells) =>
        `<tr role="row">${cells
          .map((cell, index) => {
            const { title, numeric } = columns[index]!;
            const how = `data-title="${escaped(title)}"${numeric ? ' class="number"' : ''}`;
            return index === 0
              ? `<th role="rowheader" scope="row" ${how}>${cell}</th>`
              : `<td role="cell" ${how}>${cell}</td>`;
          })
          .join('')}</tr>`,
    )
    .join('')}</tbody></table>`;
