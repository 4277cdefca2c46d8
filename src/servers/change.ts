// One change to a server's configuration as data, of every kind: a file, a line, a parameter of Postfix's, copies.

/** One change to a server's configuration, as data, with what stood there before: enough to do, show, journal and undo it. */
export type Change =
  | {
      readonly kind: "file";
      readonly path: string;
      /** undefined: the file is removed. */
      readonly content: string | undefined;
      readonly mode: number;
      /** undefined: there was none. */
      readonly before: string | undefined;
      /**
       * Wholly ours, for all certificates of this server, and rewritten whenever one comes or goes; `content` is `stamped` (domain/stamp.ts), which
       * tells a text of ours from anybody else's: the log of changes holds none of them. Taken back when the last certificate goes.
       */
      readonly shared?: true;
      /** What stands there already, in the words of another version of the server: what undoes it is in the log of changes, and stays what undoes it. */
      readonly reworded?: true;
    }
  | {
      /** One line of somebody else's file; only ever done after a yes. `line` counts from 1. */
      readonly kind: "line";
      readonly path: string;
      readonly line: number;
      /** undefined: `after` is inserted as a new last line. */
      readonly before: string | undefined;
      readonly after: string;
      /** Further lines of the same file that only make sense together with it (a key beside its certificate): all go in one write. */
      readonly also?: readonly LineReplacement[];
      /** It stands there for all certificates of this server: taken back when the last of them goes. */
      readonly shared?: true;
    }
  | {
      /** A Postfix main.cf parameter; undefined stands for absence (`postconf -X`). */
      readonly kind: "parameter";
      readonly parameter: string;
      readonly before: string | undefined;
      readonly after: string | undefined;
      /** It stands there for all certificates of this server: taken back when the last of them goes. */
      readonly shared?: true;
    }
  | {
      /** A Postfix master.cf `-o` of one service (`postconf -P service/type/parameter`); undefined stands for absence. */
      readonly kind: "service-parameter";
      readonly service: string;
      readonly parameter: string;
      readonly before: string | undefined;
      readonly after: string | undefined;
      readonly shared?: true;
      /** It lets people relay by client certificate (`relay:` of the configuration), and is taken back when that says so no more. */
      readonly relay?: true;
      /** It gives the service this certificate (by name), and goes with it: in the log of changes it is that certificate's. */
      readonly certificate?: string;
      /** `before` names files of ours, in a line that somebody copied: nobody's former setting. Taking the change back removes it. */
      readonly beforeIsOurs?: true;
    }
  | {
      /** Copies of a certificate's files at other paths, all put there together, in this order. Never their content: it may be a key. */
      readonly kind: "copies";
      readonly files: readonly CopiedFile[];
      /** What makes the program read them: undoing runs it, too. */
      readonly reload?: readonly string[];
    };

export interface LineReplacement {
  /** From 1. */
  readonly line: number;
  readonly before: string;
  readonly after: string;
}

export interface CopiedFile {
  readonly path: string;
  /** Behind `live`. */
  readonly from: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Where the file that stood there before is kept; absent: there was none. */
  readonly kept?: string;
}
