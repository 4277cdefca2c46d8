// People with certificates of the host's private CA: runs whose end is looked at, the entry of the configuration, a certificate and its key as one file.
import { expect } from "vitest";
import type { MailHost } from "../lab/mail-host.ts";

export const config = "/etc/mailcert/mailcert.yaml";
export const timeoutMs = 240_000;

const past = "/opt/past.mjs";
/** The clock of a host cannot be turned: a program can be told another time. */
const pastScript = `const by = Number(process.env.PAST_DAYS) * 86_400_000;
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...given) {
    super(...(given.length === 0 ? [Real.now() - by] : given));
  }
  static now() {
    return Real.now() - by;
  }
};
`;

interface CertificateWish {
  /** Its key and certificate lie in /root/NAME.pem. */
  readonly name: string;
  readonly address?: string;
  readonly login?: string;
  readonly ca?: string;
  readonly days?: number;
  /** Made so many days ago. */
  readonly daysAgo?: number;
}

export interface CertifiedPeople {
  /** stdout. */
  readonly run: (args: readonly string[], status?: number, daysAgo?: number) => Promise<string>;
  /** Puts the entry of client certificates in the place of the one that is there; "": none. */
  readonly want: (entry: string) => Promise<void>;
  /** Its serial number. */
  readonly certificate: (wish: CertificateWish) => Promise<string>;
  /** Key and certificate of the server itself, in /root/server.pem. */
  readonly serverCertificate: () => Promise<void>;
}

export const certifiedPeople = (host: MailHost): CertifiedPeople => {
  const run = async (args: readonly string[], status = 0, daysAgo = 0): Promise<string> => {
    const env = { NODE_OPTIONS: `--import=${past}`, PAST_DAYS: String(daysAgo) };
    if (daysAgo > 0) await host.write(past, pastScript);
    const ran = await host.mailcert(args, { timeoutMs, ...(daysAgo > 0 ? { env } : {}) });
    expect(ran.status, ran.stdout + ran.stderr).toBe(status);
    expect(ran.stdout + ran.stderr).not.toContain("PRIVATE KEY");
    return ran.stdout;
  };
  return {
    run,
    want: async (entry) => {
      const present = (await host.read(config)).replace(/^client_certificates:.*\n/m, "");
      await host.write(config, `${entry}${present}`);
    },
    certificate: async ({ name, address = "alice@example.org", login, ca = "default", days, daysAgo }) => {
      const options = [
        ...(login === undefined ? [] : ["--login", login]),
        ...(days === undefined ? [] : ["--days", String(days)]),
      ];
      const made = JSON.parse(
        await run(["ca", "client", address, ca, ...options, "--out", `/root/${name}`, "--json"], 0, daysAgo),
      ) as {
        readonly file: string;
        readonly password: { readonly file: string };
        readonly certificate: { readonly serial: string };
      };
      const { file, password } = made;
      await host.must(`openssl pkcs12 -in ${file} -passin file:${password.file} -nodes -out /root/${name}.pem`);
      return made.certificate.serial;
    },
    serverCertificate: async () => {
      const live = "/var/lib/mailcert/certificates/mail.example.org/live/ecdsa";
      await host.must(`cat ${live}/privkey.pem ${live}/fullchain.pem > /root/server.pem`);
    },
  };
};
