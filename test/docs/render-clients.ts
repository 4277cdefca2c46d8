// docs/what-clients-say.md, from the table of clients that `bundle --explain` and the check client-refuses judge by, and from what real programs said.
import { type CauseId, causeIds, causes } from "../../src/domain/clients/causes.ts";
import type { Client, Import, Rule } from "../../src/domain/clients/client.ts";
import { clients } from "../../src/domain/clients/index.ts";
import {
  type ClientDeployment,
  clientDeployments,
  clientJudges,
  clientOf,
  expectedOf,
  judgeTitles,
} from "../lab/agreement-clients.ts";

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");

const ruleFor = ({ rules }: Client, cause: CauseId): Rule | undefined => rules.find((rule) => rule.cause === cause);

const short: Readonly<Record<Rule["verdict"], string>> = { asks: "asks", refuses: "**refuses**", never: "**never**" };

/** Asked in the lab: their silence is seen. */
const seen: ReadonlySet<string> = new Set(Object.values(clientOf));

const overview = (): string =>
  table(
    ["served", ...clients.map(({ id }) => `\`${id}\``)],
    causeIds.map((id) => [
      causes[id].title,
      ...clients.map((client) => {
        const rule = ruleFor(client, id);
        return rule === undefined ? (seen.has(client.id) ? "accepts" : "-") : short[rule.verdict];
      }),
    ]),
  );

const importLine = (what: string, file: string, { how }: Import): string => `- ${what}: \`${file}\`. ${how}.`;

const files = { pem: "crt", der: "cer", mobileconfig: "mobileconfig" } as const;

const section = (client: Client): string =>
  [
    `### ${client.name}`,
    "",
    `\`${client.id}\`, ${client.versions}. Store: ${client.store}.`,
    "",
    client.imports
      ? importLine("a private CA", `ca.${files[client.imports.format]}`, client.imports)
      : "- a private CA: there is nothing to import.",
    client.importsLeaf
      ? importLine(
          "a self-signed certificate that is no CA",
          `server.${files[client.importsLeaf.format]}`,
          client.importsLeaf,
        )
      : "- a self-signed certificate that is no CA: cannot be imported.",
    "",
    table(
      ["served", "it", "in its words, or what happens", "source"],
      client.rules.map(({ cause, verdict, says, source }) => [causes[cause].title, short[verdict], says, source]),
    ),
  ].join("\n");

const word = (accepted: boolean): string => (accepted ? "takes" : "refuses");

const agreement = (): string =>
  table(
    ["served, and its root imported", ...clientJudges.map((judge) => judgeTitles[judge])],
    clientDeployments.map((row) => [
      row.what,
      ...clientJudges.map((judge) => {
        const { accepted, otherwise } = expectedOf(row, judge);
        return otherwise === undefined ? word(accepted) : `**${word(accepted)}**`;
      }),
    ]),
  );

const differences = (): string =>
  clientDeployments
    .flatMap((row: ClientDeployment) =>
      Object.entries(row.differs ?? {}).map(([judge, because]) => `- ${row.what}, ${judge}: ${because}.`),
    )
    .join("\n");

export const renderClients =
  (): string => `<!-- Generated from src/domain/clients by \`npm run docs\`; edits are lost. -->

# What clients say

Which mail programs take a certificate, which ask the person first, and which refuse it, with the reason. \`mailcert bundle NAME --explain\`
judges what is live by this table (\`--json\`: [schema](schema/bundle-explain.json)); it writes nothing, and goes neither with \`--out\` nor with \`--format\`. \`mailcert verify\` judges what a server shows: the \`cert-*\`
checks name what is wrong for everybody, and \`client-refuses\` what some refuse besides ([checks](checks.md)).

- **accepts**: without a word; of a private CA after the import of the file that is named.
- **asks**: a dialog; who goes on has checked nothing, and is asked again after the next renewal.
- **refuses**: as it is served now.
- **never**: whatever is imported. Only a certificate of a public CA helps.

Sources: a document of the program's makers, an RFC, or a report of users; \`lab\`: seen with the real program (below). What is in neither is not claimed: programs of other versions may do otherwise.

## At a glance

Each cause alone, all else being right. A dash: no source says that it refuses, and it was not in the lab.

${overview()}

## Each client

${clients.map(section).join("\n\n")}

## Held against programs

Each row is served in the lab, and its root is in the program's own store; the table's prediction is held against what the program does
(\`test/e2e/judges-clients.test.ts\`): OpenSSL 3.5, curl 8, GnuTLS 3.8, Thunderbird 140 (its network code, asked through Marionette), Chromium and OpenJDK 21 of Debian 13.
**Bold**: otherwise than the table says, with the reason below.

${agreement()}

Where they differ:

${differences()}
`;
