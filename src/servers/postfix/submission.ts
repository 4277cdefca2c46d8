// Says what Postfix does not offer to people who send mail, with the way to it; never switches it on.
import type { Finding } from "../../domain/finding.ts";
import { splitEndpoint } from "./listeners.ts";
import type { Service } from "./postconf.ts";

const options = [
  "smtpd_tls_wrappermode=yes",
  "smtpd_sasl_auth_enable=yes",
  "smtpd_relay_restrictions=permit_sasl_authenticated,reject",
];

/** master.cf as it is shipped has both services commented out. */
const hasStockEntry = (text: string, service: string): boolean =>
  new RegExp(`^#\\s*${service}\\s+inet\\s`, "m").test(text);

/** RFC 8314 §3.3: 465 is the one to have; where it is offered nothing is missing. */
export const submissionNotes = (
  services: readonly Service[],
  masterCf: { readonly path: string; readonly text: string },
): readonly Finding[] => {
  const names = new Set(services.filter((one) => one.type === "inet").map((one) => splitEndpoint(one.name).service));
  const offers = (...ports: readonly string[]): boolean => ports.some((port) => names.has(port));
  if (offers("submissions", "smtps", "465")) return [];
  const starttls = offers("submission", "587");
  const message = starttls
    ? 'Postfix offers 587 ("STARTTLS") for sending mail and not 465 ("SSL/TLS"), which is the better one'
    : 'Postfix offers no port for sending mail: neither 465 ("SSL/TLS") nor 587 ("STARTTLS")';
  const also = starttls ? "" : ' (for 587: "submission")';
  const { path, text } = masterCf;
  const how = hasStockEntry(text, "submissions")
    ? `take the # off "submissions inet" and its -o lines in ${path}${also}, then: postfix reload`
    : `add to ${path}: submissions inet n - y - - smtpd ${options.map((option) => `-o ${option}`).join(" ")}; then: postfix reload`;
  return [
    {
      check: "submission-off",
      severity: "info",
      message: `${message}; it was not switched on`,
      hint: `where people send through this host, and SASL is set up: ${how}`,
      reference: "RFC 8314 3.3",
    },
  ];
};
