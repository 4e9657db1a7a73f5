import type { Style } from './command.ts';

/** How a running site is looked at: the monitor's feed, a page in a browser, a screen. Ports like those of ports.ts. */

/** Lines that a monitor tells whoever asks on this machine. */
export interface Feed {
  /** To everyone who listens now. Never throws and never waits: a reader that can't keep up is let go. */
  tell(line: string): void;
  close(): Promise<void>;
}

/** Told in turn; nothing is told after `stop`. */
export interface Follower {
  /** Connected. @param past what was told before we came, oldest first */
  opened(past: readonly string[]): void;
  line(line: string): void;
  /**
   * Not, or no longer, connected; told once for each loss and once when there is nobody at first. It is tried again by
   * itself.
   */
  closed(because: string): void;
}

/** What a handler may know of a request: none has a body. */
export interface WebRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Of `host`, `origin`, `authorization` and `sec-fetch-site`, as sent. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface WebAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A text, or a stream that begins when it is asked for and ends by what it returns. */
  readonly body: string | ((send: (text: string) => void) => () => void);
}

export interface WebAddress {
  /** An address of this machine, v4 or v6. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface WebServer {
  readonly port: number;
  /** Open streams are cut. */
  close(): Promise<void>;
}

/** Where a live view is drawn: a terminal, or stdout as plain lines. */
export interface Screen {
  readonly style: Style;
  /** undefined where nothing can be drawn over: a file, a pipe. */
  size(): { readonly columns: number; readonly rows: number } | undefined;
  /** Called when the size has changed. */
  onResize(listener: () => void): void;
  /** A terminal: puts the lines in place of what stood there, cut to its size. Else: appends them. */
  draw(lines: readonly string[]): void;
  /** Gives the terminal back as it was. Harmless twice. */
  close(): void;
}

export interface Views {
  /** @param path of a monitor's feed */
  follow(path: string, follower: Follower): { stop(): void };
  /** HTTP, nothing of it cached or logged. Throws a usage error where the address can't be had. */
  serve(address: WebAddress, answer: (request: WebRequest) => WebAnswer): Promise<WebServer>;
}
