// Says which of the two submission services Postfix does not offer, with the command that would; never switches one on.
import type { Finding } from "../../domain/finding.ts";
import { splitEndpoint } from "./listeners.ts";
import type { Service } from "./postconf.ts";

const wanted = [
  {
    service: "submissions",
    ports: ["submissions", "smtps", "465"],
    label: "SSL/TLS",
    port: 465,
    options: ["smtpd_tls_wrappermode=yes"],
  },
  {
    service: "submission",
    ports: ["submission", "587"],
    label: "STARTTLS",
    port: 587,
    options: ["smtpd_tls_security_level=encrypt"],
  },
] as const;

/** RFC 8314 §3.3 prefers 465 over 587. */
export const submissionNotes = (services: readonly Service[]): readonly Finding[] => {
  const offered = new Set(services.filter((one) => one.type === "inet").map((one) => splitEndpoint(one.name).service));
  return wanted
    .filter(({ ports }) => !ports.some((port) => offered.has(port)))
    .map(({ service, label, port, options }) => {
      const id = `${service}/inet`;
      const own = [
        `syslog_name=postfix/${service}`,
        ...options,
        "smtpd_sasl_auth_enable=yes",
        "smtpd_relay_restrictions=permit_sasl_authenticated,reject",
      ];
      const settings = own.map((option) => `${id}/${option}`).join(" ");
      return {
        check: "submission-off",
        severity: "info" as const,
        message: `Postfix does not offer ${service} (port ${port}, "${label}" in mail programs); it was not switched on`,
        hint: `where people send through this Postfix and SASL is set up: postconf -M ${id}="${service} inet n - y - - smtpd" && postconf -P ${settings} && postfix reload`,
        reference: "RFC 8314 3.3",
      };
    });
};
