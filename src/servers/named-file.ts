// A setting of a server, whoever wrote it, that names a file.

export interface NamedFile {
  /** The value. */
  readonly value: string;
  /** The setting with its place, in the server's own words. */
  readonly setting: string;
  /** What takes it out. */
  readonly mend: string;
}
