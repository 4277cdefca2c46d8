// The real world as one argument: what bin/ hands to main, and tests replace.

export interface OutputStream {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
}

export interface Host {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Asks a person one question and returns the answer; undefined where nobody can be asked (no TTY). */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** The same for a passphrase: what is typed is not shown. Absent: nobody can be asked. */
  readonly askSecret?: ((question: string) => Promise<string>) | undefined;
  /** All of standard input as text. */
  readonly readInput: () => Promise<string>;
  /** The date; a wait is measured by `elapsed`. */
  readonly now: () => Date;
  /** Milliseconds since some instant, whatever happens to the date meanwhile. */
  readonly elapsed: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly pid: number;
  readonly uid: number;
  /** Fires on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** Absolute paths: the Node that runs, and this program's file. */
  readonly nodePath: string;
  readonly programPath: string;
  /** `programPath` starts by itself: an installed package's command, or one file that carries its Node. */
  readonly startsItself?: boolean;
  /** Text of `templates/<file>`. */
  readonly readTemplate: (file: string) => string;
  /** undefined: the folder that the caller stands in was deleted. */
  readonly cwd: string | undefined;
}
