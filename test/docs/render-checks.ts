// docs/checks.md, rendered from the registry of checks: id, what it looks at, severity for each role, reference.
import type { Check } from "../../src/checks/check.ts";
import { checks } from "../../src/checks/index.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|");

const row = ({ id, summary, severity, reference }: Check): string =>
  `| \`${id}\` | ${cell(summary)} | ${severity.mta} | ${severity.mua} | ${severity.internal} | ${cell(reference)} |`;

const table = (scope: Check["scope"]): string =>
  [
    "| check | what it looks at | port 25 (`mta`) | clients (`mua`) | `internal` | reference |",
    "|---|---|---|---|---|---|",
    ...checks.filter((check) => check.scope === scope).map(row),
  ].join("\n");

const fullOnly = (): string =>
  checks
    .filter((check) => check.scope === "entry" && check.full)
    .map(({ id }) => `\`${id}\``)
    .join(", ");

export const renderChecks =
  (): string => `<!-- Generated from src/checks/index.ts by \`npm run docs\`; edits are lost. -->

# Checks

What \`mailcert verify\` looks at. The ids are stable: use them with \`--check\`, with \`--skip\`, and in the
[document of \`--json\`](schema/verify.json).

The columns say how bad the worst finding of a check is, by what the entry point is for:

- \`mta\`: port 25, where other mail servers deliver. They take any certificate unless DANE or MTA-STS says otherwise, so that much of what is a fault elsewhere is only \`info\` here.
- \`mua\`: what people's mail programs use: IMAP, POP3, submission, ManageSieve.
- \`internal\`: LMTP, spoken between servers of one site.

Those of the [full look](verify-full.md) speak with \`--full\` alone: ${fullOnly()}.

A \`fault\` makes the run end with exit status 1; a \`warning\` and an \`info\` do not. A check may be milder than its column says where
the case is milder; its message says which it is. What \`deploy\` and \`renew\` find has ids of its own
([troubleshooting](troubleshooting.md#findings-of-deploy-and-renew)).

## Of each entry point

${table("entry")}

## Of all entry points together

${table("run")}

## Of a mail domain

Where its MX and SRV records lead ([mail domains](mail-domains.md)), with \`--mx\` and \`--srv\`.

${table("domain")}
`;
