// A problem of the configuration, with its place and what to write instead; and what a check of all its files came to.
export interface ConfigProblem {
  readonly file: string;
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What to write instead, or what else to do. */
  readonly hint?: string;
  /** One line for root's shell that mends it as it stands. */
  readonly command?: string;
}

export interface ConfigCheck {
  /** The files that were read, in the order in which they count. */
  readonly files: readonly string[];
  /** Names of the certificates; empty where there are problems. */
  readonly certificates: readonly string[];
  readonly problems: readonly ConfigProblem[];
  /** Nothing wrong, but worth a look. */
  readonly warnings: readonly string[];
}
