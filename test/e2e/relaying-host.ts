// A mail host where people hand in mail at 587 and 465, by certificate or by password; nothing that Postfix takes leaves it.
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import type { Suite } from "../lab/parts.ts";
import { type CertifiedPeople, certifiedPeople, timeoutMs } from "./certified-people.ts";
import { authSocket } from "./client-people.ts";
import { serverSettings, settle } from "./deployed-host.ts";

const patienceMs = 20_000;

export const masterCf = "/etc/postfix/master.cf";

/** Debian's own entries, as an administrator switches them on. */
const stock = (text: string): string => text.replaceAll(/^#(?=submissions? +inet | {2}-o )/gm, "");

/** The other ways in which people write them: main.cf's lists, and parameters of their own. */
const otherWays = `submission inet n - y - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
submissions inet n - y - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=$mua_client_restrictions
  -o smtpd_sender_restrictions=$mua_sender_restrictions
  -o { smtpd_recipient_restrictions = permit_sasl_authenticated, reject }
# The end.
`;
const parameters = [
  "mua_client_restrictions = permit_sasl_authenticated, reject",
  "mua_sender_restrictions = permit_mynetworks, permit_sasl_authenticated, reject",
];

interface Said {
  readonly resumed: boolean;
  readonly auth?: string;
  readonly to: string;
  readonly taken?: string;
}

export interface Submission {
  readonly port?: number;
  /** NAME of `certificate`. */
  readonly pem?: string;
  /** A file that keeps the TLS session for the next connection. */
  readonly session?: string;
  /** `id`: TLS 1.2 and no ticket: the server remembers the session, by its number. */
  readonly resume?: "id";
  readonly login?: string;
}

export interface RelayingHost extends CertifiedPeople {
  readonly host: MailHost;
  /** Every file of both servers, as it was before mailcert came. */
  readonly before: string;
  readonly submit: (submission: Submission) => Promise<Said>;
  /** Until the answer to the recipient is like this: for two seconds after a reload, a process of before may answer. */
  readonly answered: (submission: Submission, words: RegExp) => Promise<Said>;
  readonly refused: (submission: Submission) => Promise<Said>;
  readonly relayed: (submission: Submission) => Promise<Said>;
  readonly stop: () => Promise<void>;
}

/** `written`: Debian's entries, or the other ways. Alice's certificate is there, and nobody has asked for relaying by it. */
export const startRelayingHost = async (suite: Suite, written: "stock" | "other"): Promise<RelayingHost> => {
  const host = await startMailHost({ suite });
  await host.write("/opt/submit.mjs", readFileSync(new URL("../lab/submit.mjs", import.meta.url), "utf8"));
  await host.write("/etc/dovecot/conf.d/99-submission.conf", authSocket);
  const text = await host.read(masterCf);
  await host.write(masterCf, written === "stock" ? stock(text) : `${text}${otherWays}`);
  await host.must(
    "postconf default_transport=discard: relay_transport=discard: smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth 'smtpd_tls_session_cache_database=btree:${data_directory}/smtpd_scache'",
  );
  if (written === "other") {
    const mainCf = await host.read("/etc/postfix/main.cf");
    await host.write("/etc/postfix/main.cf", [mainCf.trimEnd(), ...parameters, ""].join("\n"));
  }
  await settle(host);
  const before = await serverSettings(host);
  await host.startPostfix([25, 465, 587]);
  await host.startDovecot();
  const people = certifiedPeople(host);
  await people.run(["ca", "init", "--ca-domains", "example.org"], 0, 5);
  await people.run(["setup", "mail.example.org", "--schedule", "none"]);
  await people.certificate({ name: "alice" });

  const submit = async ({ port = 587, pem, ...more }: Submission): Promise<Said> => {
    const words = { port, implicit: port === 465, to: "someone@elsewhere.example", ...more };
    const all = pem === undefined ? words : { ...words, pem: `/root/${pem}.pem` };
    const { stdout, stderr } = await host.clientExec(["node", "/opt/submit.mjs", JSON.stringify(all)], { timeoutMs });
    expect(stderr).toBe("");
    return JSON.parse(stdout) as Said;
  };
  const answered = async (submission: Submission, words: RegExp): Promise<Said> => {
    const until = Date.now() + patienceMs;
    for (;;) {
      const said = await submit(submission);
      if (words.test(said.to)) return said;
      if (Date.now() > until) throw new Error(`${JSON.stringify(submission)}: ${JSON.stringify(said)}, not ${words}`);
      await setTimeout(200);
    }
  };
  return {
    ...people,
    host,
    before,
    submit,
    answered,
    refused: (submission) => answered(submission, /^[45]54 /),
    relayed: async (submission) => {
      const said = await answered(submission, /^250 /);
      expect(said.taken, JSON.stringify(said)).toMatch(/^250 .*queued/);
      return said;
    },
    stop: () => host.stop(),
  };
};
