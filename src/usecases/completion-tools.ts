// What shell completion asks of this host: its scripts, and names that stand in no configuration file.

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

export interface CompletionTools {
  /** The whole script, the same on every host. */
  readonly script: (shell: Shell) => string;
  /** DNS updaters with settings in `secrets/`; none where this user may not look. */
  readonly updaters: () => Promise<readonly string[]>;
}
