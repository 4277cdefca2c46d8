// docs/agreement.md, from the tables that the tests judge by.
import {
  type CaaRow,
  boulderAccounts,
  boulderMethods,
  boulderNames,
  boulderValues,
  caaTestSuite,
} from "../fakes/caa-suites.ts";
import { daneDifferences, daneVectors } from "../fakes/dane-vectors.ts";
import { daneDeployments } from "../lab/agreement-dane.ts";
import { type DaneJudge, daneJudges } from "../lab/dane-deployment.ts";
import { type TrustJudge, deployments, judgeVersions, trustJudges } from "../lab/agreement-trust.ts";
import type { Suite } from "../lab/parts.ts";

const titles: Readonly<Record<TrustJudge | DaneJudge, string>> = {
  openssl: "openssl",
  gnutls: "gnutls-cli",
  postfix: "Postfix",
  danetool: "danetool",
};
const images: Readonly<Record<Suite, string>> = { bookworm: "Debian 12", trixie: "Debian 13" };

/** A star is no emphasis. */
const plain = (what: string): string => what.replaceAll("*", "\\*");

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** `fault cert-name` as a person reads it. */
const oursIn = (findings: readonly string[]): string => findings.map((one) => `\`${one}\``).join(", ");

interface Differs {
  readonly because: string;
  readonly only?: Suite;
}

/** What a judge says: as mailcert, or otherwise in all versions or one. */
const cell = <One extends Differs>(difference: One | undefined, word: string, other: (one: One) => string): string => {
  if (difference === undefined) return word;
  const said = other(difference);
  return difference.only === undefined ? `**${said}**` : `${word}; **${images[difference.only]}: ${said}**`;
};

/** Each reason once, with what it is about. */
const reasons = (rows: readonly { readonly what: string; readonly because: string }[]): string => {
  const about = new Map<string, Set<string>>();
  for (const { what, because } of rows) about.set(because, (about.get(because) ?? new Set()).add(what));
  return [...about].map(([because, whats]) => `- ${[...whats].map(plain).join("; ")}: ${because}.`).join("\n");
};

const reasonsOf = (
  rows: readonly { readonly what: string; readonly differs?: Partial<Readonly<Record<string, Differs>>> }[],
): string =>
  reasons(
    rows.flatMap(({ what, differs = {} }) =>
      Object.values(differs).flatMap((one) => (one ? [{ what, because: one.because }] : [])),
    ),
  );

const versions = (Object.keys(images) as Suite[])
  .map((suite) => {
    const of = judgeVersions[suite];
    return `${images[suite]} (OpenSSL ${of.openssl}, GnuTLS ${of.gnutls}, Postfix ${of.postfix})`;
  })
  .join(" and ");

const trustWord = (takes: boolean): string => (takes ? "takes" : "refuses");

const trustTable = (): string =>
  table(
    ["served", "mailcert", ...trustJudges.map((judge) => titles[judge])],
    deployments.map(({ what, ours, differs }) => {
      const takes = !ours.some((finding) => finding.startsWith("fault"));
      const word = trustWord(takes);
      const judges = trustJudges.map((judge) => cell(differs?.[judge], word, ({ accepted }) => trustWord(accepted)));
      return [plain(what), `${word}${ours.length > 0 ? `: ${oursIn(ours)}` : ""}`, ...judges];
    }),
  );

const daneWords = { verified: "delivers", refused: "keeps back", open: "no DANE" } as const;

const daneTable = (): string =>
  table(
    ["published and served", "mailcert", ...daneJudges.map((judge) => titles[judge])],
    daneDeployments.map(({ what, ours, differs, verdict }) => {
      const word = daneWords[verdict];
      const judged = (judge: DaneJudge): string =>
        judge !== "postfix" && verdict === "open"
          ? "not asked"
          : cell(differs?.[judge], word, (one) => daneWords[one.verdict]);
      return [plain(what), `${word}${ours.length > 0 ? `: ${oursIn(ours)}` : ""}`, ...daneJudges.map(judged)];
    }),
  );

const span = (cases: readonly number[]): string =>
  cases.length > 1 ? `${cases[0]} to ${cases.at(-1)}` : `${cases[0]}`;

const differing = daneDifferences.flatMap(({ cases }) => cases).length;

const vectorTable = (): string =>
  table(
    ["cases", "mailcert", "because"],
    daneDifferences.map(({ cases, ours, because }) => [span(cases), ours, because]),
  );

const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;

const caaTable = (): string => {
  const names = (rows: readonly CaaRow[]): readonly (readonly string[])[] =>
    rows.flatMap(({ name, suite, ours }) => (ours ? [[code(name), suite, ours.verdict, ours.because]] : []));
  return table(
    ["what", "the suite", "mailcert", "because"],
    [
      ...names(caaTestSuite),
      ...names(boulderNames),
      ...boulderValues.flatMap(({ value, ours }) =>
        ours ? [[code(value), "deny", "reads it", ours.because] as const] : [],
      ),
      ...boulderAccounts.flatMap(({ pinned, account, suite, ours }) =>
        ours ? [[`${code(pinned)} for the account ${code(account)}`, suite, ours.verdict, ours.because] as const] : [],
      ),
    ],
  );
};

export const renderAgreement =
  (): string => `<!-- Generated from the tables of the tests by \`npm run docs\`; edits are lost. -->

# Agreement with other judges

What \`mailcert verify\` says of a server was held against programs that had no part in it. Each row below is a test: the
deployment is served by a real Postfix in the lab, each judge is asked, and where one says otherwise than mailcert it
stands in **bold**, with who is right and by what. A difference that is none any more fails the test, too.

## Certificates

Asked on port 587, in ${versions}: \`openssl s_client -verify_hostname\`, \`gnutls-cli\`, and Postfix's client
\`posttls-finger -l secure\`. A \`fault\` of mailcert's refuses; a \`warning\` says what the others keep silent about.

${trustTable()}

Where they differ:

${reasonsOf(deployments)}

## DANE

TLSA records in a zone that Knot signs and Unbound validates. \`posttls-finger -l dane\` is what a sending Postfix does;
\`openssl s_client -dane_tlsa_rrdata\` is told the records;
\`danetool --check\` is GnuTLS's own way to DANE. The dates of a certificate are no matter where \`3 x x\` fits,
and mailcert names them all the same: MTA-STS and mail programs look at them.

${daneTable()}

Where they differ:

${reasonsOf(daneDeployments)}

## OpenSSL's DANE cases

The ${daneVectors.length} cases of OpenSSL's own test (danetest.in of OpenSSL 3.0), judged as mail: ${daneVectors.length - differing} are judged alike, and
${differing} otherwise on purpose.

${vectorTable()}

## CAA

${caaTestSuite.length} names after SSLMate's caatestsuite.com (its name server that has IPv6 alone is a resolver's business) and ${boulderNames.length + boulderValues.length + boulderMethods.length + boulderAccounts.length} rows of the tests of Let's Encrypt's boulder (names, values, methods,
accounts), from the look-up over the climb to the verdict. Otherwise than the suite:

${caaTable()}
`;
