// Dialogues of every protocol beyond the healthy one, for properties: odd, refused, malformed, with more behind.
import type { ProtocolName } from "../../src/domain/entry-point.ts";
import type { Behaviour } from "../fakes/mail-server.ts";
import { imapRows, pop3Rows, sieveRows } from "../matrix/mailbox-rows.ts";
import { otherRows } from "../matrix/other-rows.ts";
import type { Row } from "../matrix/row.ts";
import { lmtpRows, smtpRows, submissionRows } from "../matrix/smtp-rows.ts";

const rows: readonly Row[] = [
  ...imapRows,
  ...pop3Rows,
  ...sieveRows,
  ...otherRows,
  ...smtpRows,
  ...lmtpRows,
  ...submissionRows,
];

const textsOf = ({ greeting, capabilities, goAhead, inside }: Behaviour): Behaviour => ({
  ...(greeting === undefined ? {} : { greeting }),
  ...(capabilities === undefined ? {} : { capabilities }),
  ...(goAhead === undefined ? {} : { goAhead }),
  ...(inside === undefined ? {} : { inside }),
});

/** What the servers of the matrix say, where they are of this protocol. */
export const brokenDialogues = (protocol: ProtocolName): readonly Behaviour[] =>
  rows
    .flatMap(({ servers }) => [servers].flat())
    .filter((server) => server.protocol === protocol && server.behaviour)
    .map(({ behaviour = {} }) => textsOf(behaviour))
    .filter((behaviour) => Object.keys(behaviour).length > 0);
