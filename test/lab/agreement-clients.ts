// Deployments that programs with TLS stacks of clients are asked about, each with what clients import for it.
import { writeNameConstraints } from "../../src/domain/name-constraints.ts";
import { type Issued, type IssueOptions, day, issue } from "../fakes/pki.ts";

export const clientJudges = ["openssl", "curl", "gnutls", "thunderbird", "chromium", "java"] as const;
export type ClientJudge = (typeof clientJudges)[number];

export const judgeTitles: Readonly<Record<ClientJudge, string>> = {
  openssl: "openssl",
  curl: "curl",
  gnutls: "gnutls-cli",
  thunderbird: "Thunderbird",
  chromium: "Chromium",
  java: "Java",
};

/** The row of the table of clients that a judge stands for. */
export const clientOf: Readonly<Record<ClientJudge, string>> = {
  openssl: "openssl",
  curl: "openssl",
  gnutls: "gnutls",
  thunderbird: "thunderbird",
  chromium: "chromium",
  java: "java",
};

export interface ClientDeployment {
  /** The host's label below example.org. */
  readonly id: string;
  readonly what: string;
  /** What a client was told; default `ID.example.org`. */
  readonly target?: string;
  readonly make: (host: string) => Promise<Made>;
  /** Who does not take it without a person, by the table. */
  readonly refusedBy: readonly ClientJudge[];
  /** Judges that do otherwise than the table says, and why that is right all the same. */
  readonly differs?: Partial<Readonly<Record<ClientJudge, string>>>;
}

/** What the program does: what the table says, or the other way round where a reason is given. */
export const expectedOf = (
  { refusedBy, differs }: ClientDeployment,
  judge: ClientJudge,
): { readonly accepted: boolean; readonly otherwise?: string } => {
  const predicted = !refusedBy.includes(judge);
  const otherwise = differs?.[judge];
  return otherwise === undefined ? { accepted: predicted } : { accepted: !predicted, otherwise };
};

export interface Made {
  /** As sent, leaf first. */
  readonly chain: readonly Issued[];
  /** What was imported. */
  readonly root: Issued;
}

const after = (days: number): Date => new Date(Date.now() + days * day);

const ca = (subject: string, by?: Issued, more: IssueOptions = {}): Promise<Issued> =>
  issue({ subject: `CN=${subject}`, ca: true, notAfter: after(3650), ...(by ? { by } : {}), ...more });

const constrainedTo = (domain: string): IssueOptions => ({
  raw: [["2.5.29.30", writeNameConstraints({ domains: [domain], addresses: [] }).toString("hex")]],
});

/** A leaf, its issuer and a root that is not sent: each deployment has its own, for what is imported for one trusts no other. */
const below =
  (leaf: (host: string) => IssueOptions = () => ({}), { root = {}, issuer = {}, alone = false }: Above = {}) =>
  async (host: string): Promise<Made> => {
    const top = await ca(`Root of ${host}`, undefined, root);
    const by = await ca(`Issuer of ${host}`, top, issuer);
    const end = await issue({ names: [host], by, ...leaf(host) });
    return { chain: alone ? [end] : [end, by], root: top };
  };

interface Above {
  readonly root?: IssueOptions;
  readonly issuer?: IssueOptions;
  /** The issuer is not sent. */
  readonly alone?: boolean;
}

const alone =
  (options: IssueOptions) =>
  async (host: string): Promise<Made> => {
    const one = await issue({ names: [host], subject: `CN=${host}`, ...options });
    return { chain: [one], root: one };
  };

/** CA:TRUE and nothing about the key's use: what `openssl req -x509` makes. */
const flagged: IssueOptions = { plain: true, raw: [["2.5.29.19", "30030101ff"]] };

export const clientDeployments: readonly ClientDeployment[] = [
  { id: "good", what: "a private CA, whose root is imported", refusedBy: [], make: below() },
  {
    id: "rsa",
    what: "the same, with an RSA key of 2048 bits",
    refusedBy: [],
    make: below(() => ({ key: "RSA-2048" })),
  },
  {
    id: "unknown",
    what: "a private CA, whose root is not imported",
    refusedBy: clientJudges,
    make: async (host) => ({ ...(await below()(host)), root: await ca("Somebody else") }),
  },
  {
    id: "wild",
    what: "\\*.example.org for a host right below",
    refusedBy: [],
    make: below(() => ({ names: ["*.example.org"] })),
  },
  {
    id: "ip",
    what: "an IP address, in the SAN as such",
    target: "192.0.2.10",
    refusedBy: [],
    make: below(() => ({ names: [], ips: ["192.0.2.10"], subject: "CN=192.0.2.10" })),
  },
  {
    id: "inside",
    what: "a root with name constraints, and a name inside",
    refusedBy: [],
    make: below(undefined, { root: constrainedTo("example.org") }),
  },
  {
    id: "outside",
    what: "a root with name constraints, and a name outside",
    refusedBy: ["openssl", "curl", "gnutls", "thunderbird", "chromium"],
    make: below(undefined, { root: constrainedTo("example.net") }),
  },
  {
    id: "outer",
    what: "an issuing CA with name constraints, and a name outside",
    refusedBy: clientJudges,
    make: below(undefined, { issuer: constrainedTo("example.net") }),
  },
  {
    id: "other",
    what: "a certificate for another host",
    refusedBy: clientJudges,
    make: below(() => ({ names: ["elsewhere.example.org"] })),
  },
  {
    id: "no-san",
    what: "the name as common name alone, no SAN",
    refusedBy: ["thunderbird", "chromium"],
    make: below((host) => ({ names: [], subject: `CN=${host}` })),
  },
  { id: "long", what: "valid for 900 days", refusedBy: [], make: below(() => ({ notAfter: after(899) })) },
  {
    id: "expired",
    what: "expired yesterday",
    refusedBy: clientJudges,
    make: below(() => ({ notBefore: after(-30), notAfter: after(-1) })),
  },
  {
    id: "small",
    what: "an RSA key of 1024 bits",
    refusedBy: ["openssl", "curl"],
    make: below(() => ({ key: "RSA-1024" })),
  },
  {
    id: "sha1",
    what: "signed with SHA-1",
    refusedBy: ["openssl", "curl", "gnutls", "thunderbird", "chromium"],
    make: below(() => ({ hash: "SHA-1" })),
  },
  {
    id: "ed25519",
    what: "an Ed25519 key",
    refusedBy: ["thunderbird", "chromium"],
    make: below(() => ({ key: "Ed25519" })),
  },
  { id: "p521", what: "a key on P-521", refusedBy: ["chromium"], make: below(() => ({ key: "P-521" })) },
  { id: "no-eku", what: "no extended key usage at all", refusedBy: [], make: below(() => ({ eku: [] })) },
  {
    id: "client",
    what: "for clients only (EKU)",
    refusedBy: clientJudges,
    make: below(() => ({ eku: ["1.3.6.1.5.5.7.3.2"] })),
  },
  {
    id: "leaf-only",
    what: "the issuing CA is not sent",
    refusedBy: clientJudges,
    make: below(undefined, { alone: true }),
  },
  {
    id: "ca-leaf",
    what: "a leaf that says that it is a CA",
    refusedBy: ["thunderbird"],
    make: below((host) => ({ ...flagged, subject: `CN=${host}` })),
  },
  {
    id: "own",
    what: "self-signed, no CA, imported itself",
    refusedBy: ["thunderbird", "chromium"],
    differs: {
      thunderbird:
        "certutil put it into the profile as trusted (-t C,,), which Thunderbird 140 takes; its import dialog refuses a certificate that is no CA, so that people get the question",
    },
    make: alone({}),
  },
  {
    id: "own-ca",
    what: "self-signed, with the CA flag, imported itself",
    refusedBy: ["thunderbird"],
    make: alone(flagged),
  },
  {
    id: "no-flag",
    what: "a root that says that it is no CA",
    refusedBy: clientJudges,
    make: below(undefined, { root: { ca: false, eku: [] } }),
  },
  {
    id: "plain-root",
    what: "a root that does not say whether it is a CA",
    refusedBy: ["openssl", "curl", "thunderbird", "java"],
    make: below(undefined, { root: { plain: true } }),
  },
];
