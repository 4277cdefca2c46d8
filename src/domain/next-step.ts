// The one command that makes most sense next on a host, by what stands there.

export interface Standing {
  readonly root: boolean;
  /** The configuration cannot be read: `mistake` is in it, `closed` is for others to read. */
  readonly config: "readable" | "mistake" | "closed";
  /** The state folder says something that cannot be read. */
  readonly damaged: boolean;
  /** Certificates of mailcert that are there, or asked for. */
  readonly certificates: readonly { readonly name: string; readonly ok: boolean; readonly configured: boolean }[];
  /** Something is wrong that is no single certificate's. */
  readonly trouble: boolean;
  /** Other clients that keep certificates here. */
  readonly others: readonly string[];
  /** Something renews by itself; undefined: not known. */
  readonly renews: boolean | undefined;
  /** A schedule is there, and renews by another configuration. */
  readonly othersSchedule?: boolean;
  /** A name of this host that could be certified. */
  readonly host: string | undefined;
}

export interface NextStep {
  readonly command: string;
  /** What it does, or why. */
  readonly why: string;
}

const asRoot = (root: boolean, { command, why }: NextStep): NextStep =>
  root ? { command, why } : { command, why: `${why} (as root)` };

const first = ({ root, others: [client], host }: Standing): NextStep =>
  client === undefined
    ? asRoot(root, {
        command: host === undefined ? "mailcert setup" : `mailcert setup ${host}`,
        why: "the first certificate; --dry-run shows the plan",
      })
    : asRoot(root, {
        command: `mailcert import ${client} --dry-run`,
        why: `what of ${client}'s mailcert can take over; it changes nothing`,
      });

export const nextStep = (standing: Standing): NextStep => {
  const { root, config, damaged, certificates, trouble, renews, othersSchedule } = standing;
  if (config === "closed") return { command: "mailcert", why: "as root: this user may not read the configuration" };
  if (config === "mistake") return { command: "mailcert config check", why: "lists what is wrong, with file and line" };
  if (damaged) return { command: "mailcert status", why: "says which file, and what to do" };
  if (certificates.length === 0) return first(standing);
  const failing = certificates.filter(({ ok }) => !ok);
  const [one] = failing;
  if (one !== undefined || trouble)
    return {
      command:
        failing.length === 1 && one !== undefined && !trouble ? `mailcert status ${one.name}` : "mailcert status",
      why: "says what is wrong, and what to do",
    };
  if (renews === false && othersSchedule)
    return { command: "mailcert schedule show", why: "nothing renews these: the schedule is another configuration's" };
  if (renews === false && certificates.some(({ configured }) => configured))
    return asRoot(root, { command: "mailcert schedule install", why: "nothing renews by itself yet" });
  return { command: "mailcert verify", why: "nothing is to be done; this looks at what is served" };
};
